import { spawn } from 'node:child_process';
import type { ApprovalAnswer, ApprovalQuestion, Approver } from './approval.js';

/** What a command that is asked is given of the environment. Nothing else: passphrases and keys may be in it. */
const environmentNames = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'DISPLAY',
  'WAYLAND_DISPLAY',
  'XDG_RUNTIME_DIR',
  'DBUS_SESSION_BUS_ADDRESS',
  'SystemRoot',
];

/**
 * Asks the command of the policy: one JSON object on stdin, exit 0 is yes. Anything else is no: another exit code, a
 * signal, a command that is not there, no answer in time. What it writes is thrown away.
 *
 * The object has `version` (1), `url`, `httpMethod`, `method`, `intent`, `network`, `payee`, `payees` (everybody who is
 * paid, each `{ payee, amount, currency }`; empty where it is the payee alone), `reference`, `amount` and `maxFee` (each
 * `{ amount, currency }`, base units as decimal strings), `text` for people, `description` (the seller's words: data),
 * `deadline` (ISO 8601).
 */
export function commandApprover(now: () => number = Date.now): Approver {
  return async (question) => {
    const [program, ...words] = question.rule.command;
    const leftMs = question.deadlineMs - now();
    if (program === undefined) return no('the policy names no command to ask');
    if (leftMs <= 0) return no('there was no time left to ask');
    return run(program, words, question, leftMs);
  };
}

function run(
  program: string,
  words: readonly string[],
  question: ApprovalQuestion,
  timeoutMs: number,
): Promise<ApprovalAnswer> {
  return new Promise((resolve) => {
    const child = start(program, words);
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      endAll(child);
    }, timeoutMs);
    child.once('error', () => {
      clearTimeout(timer);
      resolve(no(`the command ${program} could not be started`));
    });
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      // Whatever it has started and left behind.
      endAll(child);
      if (late) resolve(no(`the command ${program} did not answer in time`));
      else if (code === 0) resolve({ approved: true });
      else resolve(no(`the command ${program} said no (${signal ?? `exit ${code}`})`));
    });
    // It may end without having read anything.
    child.stdin.on('error', () => undefined);
    child.stdin.end(`${JSON.stringify(viewQuestion(question))}\n`);
  });
}

function start(program: string, words: readonly string[]) {
  const env = Object.fromEntries(
    environmentNames.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
  // A group of its own, so that what it has started ends with it.
  return spawn(program, words, { env, stdio: ['pipe', 'ignore', 'ignore'], detached: true });
}

function endAll(child: ReturnType<typeof start>): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The group has ended by itself.
  }
}

function no(reason: string): ApprovalAnswer {
  return { approved: false, reason };
}

function viewQuestion(question: ApprovalQuestion) {
  const { url, httpMethod, method, intent, network, payee, payees = [], description } = question;
  const { reference, price, maxFee, text } = question;
  const amount = (one: typeof price) => ({ amount: String(one.amount), currency: one.currency });
  return {
    version: 1,
    url: url ?? null,
    httpMethod: httpMethod ?? null,
    method,
    intent,
    network,
    payee,
    payees: payees.map((one) => ({ payee: one.payee, ...amount(one.amount) })),
    reference,
    amount: amount(price),
    maxFee: amount(maxFee),
    text,
    description: description ?? null,
    deadline: new Date(question.deadlineMs).toISOString(),
  };
}
