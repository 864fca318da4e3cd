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
const noTimeLeft = no('there was no time left to ask');

/** What is asked at a terminal: the last question, which the next one waits for. */
const asked = new WeakMap<Readable, Promise<unknown>>();

/** Asks whoever the policy names: the person at this terminal, or a command. */
export function createApprover(
  terminal: Terminal = { input: process.stdin, output: process.stderr },
): Approver {
  return async (question) => {
    if (question.rule.by === 'terminal') return askInTurn(question, terminal);
    if (question.rule.by === 'command') {
      const { commandApprover } = await import('@farebox/wallet/policy');
      return commandApprover()(question);
    }
    return no('nobody is to be asked');
  };
}

/** One question at a time: two at once would both take the same answer. Whose time ends while it waits is not asked. */
function askInTurn(question: ApprovalQuestion, terminal: Terminal): Promise<ApprovalAnswer> {
  const before = asked.get(terminal.input) ?? Promise.resolve();
  const answer = endsBefore(before, question.deadlineMs).then((inTime) =>
    inTime ? askTerminal(question, terminal) : noTimeLeft,
  );
  const both = Promise.allSettled([before, answer]).then(() => undefined);
  asked.set(terminal.input, both);
  return answer;
}

async function endsBefore(work: Promise<unknown>, deadlineMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), timerMs(deadlineMs - Date.now()));
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** As long as a timer can be. */
const timerMs = (leftMs: number): number => Math.min(Math.max(leftMs, 0), 0x7fff_ffff);

/** The question goes to stderr, so that stdout stays the result's. Yes only for `y` or `yes`, in time. */
async function askTerminal(question: ApprovalQuestion, terminal: Terminal): Promise<ApprovalAnswer> {
  const { input, output } = terminal;
  if (input.isTTY !== true || output.isTTY !== true) {
    return no('there is no terminal to ask at; run it at one, or change approval.by in the policy');
  }
  const leftMs = question.deadlineMs - Date.now();
  if (leftMs <= 0) return noTimeLeft;
  const lines = createInterface({ input, output, terminal: true });
  const late = AbortSignal.timeout(timerMs(leftMs));
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
  const { url, httpMethod, text, maxFee, payee, payees = [], method, network, description } = question;
  const what = url === undefined ? 'an invoice' : `${httpMethod ?? ''} ${url}`.trim();
  const fee = maxFee.amount > 0n ? ` and up to ${showAmount(maxFee)} in fees` : '';
  const rows = [
    `This costs ${text}${fee}, more than is paid without asking.`,
    `  for    ${what}`,
    `  payee  ${payee} (${method} on ${network})`,
    ...(payees.length < 2 ? [] : payees.map((one) => `         ${one.payee} gets ${showAmount(one.amount)}`)),
    ...(description === undefined ? [] : [`  memo   ${description} (the seller's words)`]),
  ];
  return rows.map(printable).join('\n');
}
