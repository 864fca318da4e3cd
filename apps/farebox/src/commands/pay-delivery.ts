import type { Answer, Delivered, FreeAnswer, Journal } from '@farebox/wallet';
import { type BodyFile, type BodyView, pipeToStdout, readBodyView, terminalText } from '../body-view.js';
import { exitCodes } from '../exit-codes.js';
import { type Output, table, writeError } from '../output.js';
import { showAmount } from '../tempo/tokens.js';
import { showMoney, viewChallenge, viewCost } from '../views.js';

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
}

interface Written extends Partial<BodyView> {
  readonly bodyFile?: string;
}

async function writeBody(answer: Answer, sink: Sink, paymentId?: string): Promise<Written> {
  if (sink.file) {
    await sink.file.write(answer, paymentId);
    return { bodyFile: sink.file.path };
  }
  if (sink.body) {
    await pipeToStdout(answer, paymentId);
    return {};
  }
  return readBodyView(answer, paymentId);
}

/** An answer that asked for nothing: delivered if it is 2xx, otherwise a failure that cost nothing. */
export async function deliverFree(free: FreeAnswer, asked: Asked, sink: Sink): Promise<void> {
  const { redirectTarget } = await import('@farebox/wallet');
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
  const message =
    target === undefined
      ? `The seller answered ${status} and asked for no payment; nothing was spent.`
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
  const { entry, answer, receipt, choice } = delivered;
  const written = await writeBody(answer, sink, entry.id);
  const done = journal.find(entry.id) ?? entry;
  const warning = receiptWarning(receipt);
  const { color, json } = sink.output;
  if (json) {
    sink.output.object({
      ok: true,
      paid: true,
      dryRun: asked.dryRun,
      id: entry.id,
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
    });
    return;
  }
  const atMost = done.settlement === 'open' ? 'at most ' : '';
  const fee = done.fee ? ` + ${atMost}${showMoney(done.fee)} fee` : '';
  const cost = `${showAmount(done.paid ?? done.price)}${fee}`;
  const rows = table(
    [
      ['paid', color.green(cost)],
      ['to', done.payee],
      ['answer', String(answer.status)],
      ['receipt', receipt.status === 'valid' ? `valid, ${receipt.receipt.reference}` : receipt.status],
      ['payment', entry.id],
      ['file', written.bodyFile],
      ['chosen', choice],
    ],
    color,
  );
  sink.output.remark(`${asked.method} ${asked.url}\n${rows}`);
  if (warning) sink.output.remark(`warning: ${warning}`);
  showBody(written, sink);
}

function showBody(written: Written, sink: Sink): void {
  const { body, bodyEncoding } = written;
  if (bodyEncoding === undefined || bodyEncoding === 'none') return;
  sink.output.text(terminalText({ body, bodyEncoding }));
}
