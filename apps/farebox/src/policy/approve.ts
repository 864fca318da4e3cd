import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';
import type { ApprovalAnswer, ApprovalQuestion, Approver } from '@farebox/wallet';
import { printable } from '../ledger/printable.js';
import { showAmount } from '../tempo/tokens.js';

/** Where a question is asked. */
export interface Terminal {
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Writable & { readonly isTTY?: boolean };
}

const no = (reason: string): ApprovalAnswer => ({ approved: false, reason });

/** Asks whoever the policy names: the person at this terminal, or a command. */
export function createApprover(
  terminal: Terminal = { input: process.stdin, output: process.stderr },
): Approver {
  return async (question) => {
    if (question.rule.by === 'terminal') return askTerminal(question, terminal);
    if (question.rule.by === 'command') {
      const { commandApprover } = await import('@farebox/wallet/policy');
      return commandApprover()(question);
    }
    return no('nobody is to be asked');
  };
}

/** The question goes to stderr, so that stdout stays the result's. Yes only for `y` or `yes`, in time. */
async function askTerminal(question: ApprovalQuestion, terminal: Terminal): Promise<ApprovalAnswer> {
  const { input, output } = terminal;
  if (input.isTTY !== true || output.isTTY !== true) {
    return no('there is no terminal to ask at; run it at one, or change approval.by in the policy');
  }
  const leftMs = question.deadlineMs - Date.now();
  if (leftMs <= 0) return no('there was no time left to ask');
  const lines = createInterface({ input, output, terminal: true });
  const late = AbortSignal.timeout(Math.min(leftMs, 0x7fff_ffff));
  try {
    // The input may end without an answer: that is a no.
    const ended = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
    const answer = await Promise.race([
      lines.question(`${describe(question)}\nPay it? [y/N] `, { signal: late }),
      ended,
    ]);
    return /^y(es)?$/i.test(answer.trim()) ? { approved: true } : no('it was not approved');
  } catch {
    output.write('\n');
    return no('nobody answered in time');
  } finally {
    lines.close();
  }
}

/** What is asked. Everything that comes from the seller is shown without control characters. */
function describe(question: ApprovalQuestion): string {
  const { url, httpMethod, text, maxFee, payee, method, network, description } = question;
  const what = url === undefined ? 'an invoice' : `${httpMethod ?? ''} ${url}`.trim();
  const fee = maxFee.amount > 0n ? ` and up to ${showAmount(maxFee)} in fees` : '';
  const rows = [
    `This costs ${text}${fee}, more than is paid without asking.`,
    `  for    ${what}`,
    `  payee  ${payee} (${method} on ${network})`,
    ...(description === undefined ? [] : [`  memo   ${description} (the seller's words)`]),
  ];
  return rows.map(printable).join('\n');
}
