import type { Answer, Delivered, FreeAnswer, Journal, JournalEntry } from '@farebox/wallet';
import type { BodyFile } from '../body-file.js';
import { type BodyView, pipeToStdout, readBodyView, terminalText } from '../body-view.js';
import { exitCodes } from '../exit-codes.js';
import type { Home } from '../home.js';
import { type KeptAnswer, keepAnswer, notHandedOn } from '../kept-answer.js';
import { type Output, table, writeError } from '../output.js';
import { showAmount } from '../tempo/tokens.js';
import { showMoney, showPayees, viewChallenge, viewCost } from '../views.js';

/** What was asked, for the report. */
export interface Asked {
  readonly url: string;
  readonly method: string;
  readonly dryRun: boolean;
}

/** Where the answer goes. */
export interface Sink {
  readonly output: Output;
  readonly file: BodyFile | undefined;
  /** Only the body, unchanged. */
  readonly body: boolean;
  /** Where paid answers are kept until they have been handed on. */
  readonly home: Home;
}

/** What became of a body: it is in a file, has been written to stdout, or is still to be shown. */
export interface Written extends Partial<BodyView> {
  readonly bodyFile?: string;
}

/** Takes an answer that is not lost when it cannot be shown: it was free, or is kept. */
export async function writeBody(answer: Answer, sink: Sink, paymentId?: string): Promise<Written> {
  return (await passOn(answer, sink, paymentId)) ?? readBodyView(answer, paymentId);
}

async function passOn(answer: Answer, sink: Sink, paymentId?: string): Promise<Written | undefined> {
  if (sink.file) {
    await sink.file.write(answer, paymentId);
    return { bodyFile: sink.file.path };
  }
  if (!sink.body) return undefined;
  await pipeToStdout(answer, paymentId);
  return {};
}

/** An answer that asked for nothing: delivered if it is 2xx, otherwise a failure that cost nothing. */
export async function deliverFree(free: FreeAnswer, asked: Asked, sink: Sink): Promise<void> {
  const { answerHeader, offersPayment, payInsteadAdvice, redirectTarget } = await import('@farebox/wallet');
  const { answer } = free;
  const { status } = answer;
  const ok = status >= 200 && status <= 299;
  const written = ok || sink.body ? await writeBody(answer, sink) : await readBodyView(answer);
  const { url, method, dryRun } = asked;
  if (ok) {
    if (sink.output.json) {
      const common = {
        ok,
        paid: false,
        dryRun,
        id: null,
        url,
        method,
        status,
        cost: null,
        challenge: null,
        receipt: null,
      };
      sink.output.object({ ...common, body: null, bodyEncoding: 'none', ...written });
      return;
    }
    sink.output.remark(`${method} ${url} answered ${status} and asked for no payment.`);
    showBody(written, sink);
    return;
  }
  const target = redirectTarget(answer);
  const said = offersPayment(status, answerHeader(answer, 'www-authenticate'))
    ? `The seller answered ${status}. ${payInsteadAdvice} Nothing was spent.`
    : `The seller answered ${status} and asked for no payment; nothing was spent.`;
  const message =
    target === undefined
      ? said
      : `The seller answered ${status} and points to ${target}. Redirects are not followed; ask there if you trust it. Nothing was spent.`;
  const code = target === undefined ? 'not_delivered' : 'redirected';
  process.exitCode = exitCodes.failed;
  const report = {
    ok: false as const,
    error: { code, message, retry: 'safe' as const, outcome: 'not-sent' },
    paid: false,
    id: null,
    status,
    exitCode: exitCodes.failed,
  };
  writeError(
    { ...report, ...(sink.output.json && { url, method, body: null, ...written }) },
    sink.output.json,
  );
  if (!sink.output.json) showBody(written, sink);
}

/** A paid answer. Its body is read to the end first: until then nothing has been delivered. */
export async function deliver(
  delivered: Delivered,
  asked: Asked,
  journal: Journal,
  sink: Sink,
): Promise<void> {
  const { receiptWarning } = await import('@farebox/wallet');
  const { entry, answer } = delivered;
  const passed = await passOn(answer, sink, entry.id);
  const kept = passed === undefined ? await keepAnswer(answer, sink.home.answers, entry.id) : undefined;
  const written: Written = passed ?? kept?.view ?? {};
  const done = journal.find(entry.id) ?? entry;
  const warning = receiptWarning(delivered.receipt);
  if (sink.output.json) sink.output.object(viewDelivered(delivered, done, asked, written, warning));
  else {
    tellDelivered(delivered, done, asked, written, sink);
    if (warning) sink.output.remark(`warning: ${warning}`);
    showBody(written, sink, kept);
  }
  const path = kept?.path ?? written.bodyFile;
  if (path !== undefined) await handOver(sink.output, entry.id, path);
  if (kept && (sink.output.json || kept.view.bodyEncoding !== 'base64')) await kept.drop();
}

/** Only what stdout has taken is handed on; until then the file is all that there is of a paid answer. */
export async function handOver(output: Output, paymentId: string, path: string): Promise<void> {
  try {
    await output.written();
  } catch (cause) {
    throw notHandedOn(paymentId, path, cause);
  }
}

function viewDelivered(
  { answer, receipt, choice }: Delivered,
  done: JournalEntry,
  asked: Asked,
  written: Written,
  warning: string | undefined,
) {
  return {
    ok: true,
    paid: true,
    dryRun: asked.dryRun,
    id: done.id,
    url: asked.url,
    method: asked.method,
    status: answer.status,
    cost: viewCost(done.paid ?? done.price, done.fee),
    challenge: viewChallenge(done.challenge, done),
    receipt: 'receipt' in receipt ? receipt.receipt : null,
    receiptStatus: receipt.status,
    choice: choice ?? null,
    warnings: warning === undefined ? [] : [warning],
    body: null,
    bodyEncoding: 'none',
    ...written,
  };
}

function tellDelivered(
  { answer, receipt, choice }: Delivered,
  done: JournalEntry,
  asked: Asked,
  written: Written,
  { output }: Sink,
): void {
  const atMost = done.settlement === 'open' ? 'at most ' : '';
  const fee = done.fee ? ` + ${atMost}${showMoney(done.fee)} fee` : '';
  const cost = `${showAmount(done.paid ?? done.price)}${fee}`;
  const rows = table(
    [
      ['paid', output.color.green(cost)],
      ['to', showPayees(viewChallenge(done.challenge, done))],
      ['answer', String(answer.status)],
      ['receipt', receipt.status === 'valid' ? `valid, ${receipt.receipt.reference}` : receipt.status],
      ['payment', done.id],
      ['file', written.bodyFile],
      ['chosen', choice],
    ],
    output.color,
  );
  output.remark(`${asked.method} ${asked.url}\n${rows}`);
}

/** The body for people. What is no text stays where it is kept. */
export function showBody(written: Written, { output }: Pick<Sink, 'output'>, kept?: KeptAnswer): void {
  const { body, bodyEncoding } = written;
  if (bodyEncoding === undefined || bodyEncoding === 'none') return;
  if (bodyEncoding === 'base64' && kept) output.text(`(not text; it is in ${kept.path})`);
  else output.text(terminalText({ body, bodyEncoding }));
}
