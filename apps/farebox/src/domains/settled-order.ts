import { type JsonObject, parseJsonObject } from '@farebox/protocol';
import {
  type Answer,
  answerHeader,
  type Delivered,
  discard,
  type FreeAnswer,
  isOpen,
  type Journal,
  plainText,
  readAll,
  redirectTarget,
  WalletError,
} from '@farebox/wallet';
import { CliError } from '../cli-error.js';
import { exitCodes } from '../exit-codes.js';
import type { ErrorReport } from '../output.js';
import { reportWalletError } from '../views.js';
import { isJson, registrarAnswerBytesMax } from './ask.js';
import { adviseOn, malformed, refusedBy } from './refused.js';

/** A failure of an order, with its report: what is known of the money stays as the wallet says it. */
export class OrderFailure extends Error {
  override readonly name = 'OrderFailure';
  readonly report: ErrorReport;

  constructor(report: ErrorReport, options?: ErrorOptions) {
    super(report.error.message, options);
    this.report = report;
  }
}

/** What an order is about, for its messages. */
export interface OrderAbout {
  readonly origin: string;
  readonly fqdn: string | undefined;
}

/**
 * Reads what a registrar has delivered for a payment. A page or anything else that is no JSON is a replay that was taken
 * for a web form, and no delivery (R21): it is left unread, and the payment stays one that can be presented again.
 *
 * @param keep given the whole object before the end of the body is taken, because with that the payment is finished and
 *   never presented again: what must not be lost is on disk by then
 * @throws {OrderFailure} `malformed_replay`, and what `keep` threw, with the payment that it is about
 * @throws {WalletError} when the answer breaks off
 */
export async function readDelivered(
  { answer, entry }: Delivered,
  journal: Journal,
  keep: (content: JsonObject) => Promise<void>,
): Promise<JsonObject> {
  const type = answerHeader(answer, 'content-type') ?? '';
  if (!isJson(type)) {
    // Not one byte is read: only a body that was read to its end is written down as a delivery.
    await discard(answer);
    throw malformedReplay(answer.status, type, entry.id, isOpen(journal.find(entry.id) ?? entry));
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  let content: JsonObject | undefined;
  // Leaving this loop by an error leaves the payment one that can be presented again.
  for await (const chunk of answer.body) {
    length += chunk.byteLength;
    if (length > registrarAnswerBytesMax) throw tooLarge(entry.id);
    chunks.push(chunk);
    // An object is whole with its last brace, and not before.
    if (content !== undefined || !/}\s*$/.test(Buffer.from(chunk).toString('latin1'))) continue;
    content = parseJsonObject(Buffer.concat(chunks).toString('utf8'));
    if (content === undefined) continue;
    await keep(content).catch((cause: unknown) => {
      throw notKept(cause, answer.status, entry.id, isOpen(journal.find(entry.id) ?? entry));
    });
  }
  // Paid and read to its end: it is delivered, also where it says nothing.
  return content ?? {};
}

/** Paid and answered, and what the answer gives could not be kept: the rest is left unread, so that it can be had again. */
function notKept(cause: unknown, status: number, id: string, open: boolean): OrderFailure {
  const said = cause instanceof CliError ? cause.message : 'What the registrar gave could not be kept.';
  const message = `${said} The order is ${open ? 'presented' : 'paid'}; afterwards take its answer, without paying again: farebox domains resume ${id}`;
  const code = cause instanceof CliError ? cause.code : 'internal';
  return new OrderFailure(
    {
      ok: false,
      error: { code, message, retry: 'resume', outcome: 'unknown' },
      paid: open ? null : true,
      id,
      status,
      exitCode: exitCodes.unknown,
    },
    { cause },
  );
}

function tooLarge(paymentId: string): WalletError {
  const message = `The registrar's answer is larger than ${registrarAnswerBytesMax} bytes; take it without paying again: farebox pay resume ${paymentId} -o <file>`;
  return new WalletError('answer_too_large', message, { paymentId });
}

function malformedReplay(status: number, type: string, id: string, open: boolean): OrderFailure {
  const advice = malformed(status, '', type);
  const money = open
    ? 'Whether the payment is taken is not known yet'
    : 'The payment is a credit, and can be presented again';
  const message = `${advice.means}, and nothing was registered by it. ${money}: ${advice.next} Then, without paying again: farebox domains resume ${id}`;
  return new OrderFailure({
    ok: false,
    error: { code: advice.code, message, retry: 'resume', outcome: open ? 'unknown' : 'credit' },
    paid: open ? null : true,
    id,
    status,
    exitCode: open ? exitCodes.unknown : exitCodes.credit,
  });
}

/** What was had without a payment: a price of nothing. Anything else throws what it is. */
export async function readFree({ answer }: FreeAnswer, about: OrderAbout): Promise<JsonObject> {
  const raw = {
    status: answer.status,
    contentType: answerHeader(answer, 'content-type') ?? '',
    location: redirectTarget(answer),
    text: await readText(answer),
  };
  const content = isJson(raw.contentType) ? parseJsonObject(raw.text) : undefined;
  if (content === undefined || raw.status < 200 || raw.status > 299) throw refusedBy(raw, about);
  return content;
}

async function readText(answer: Answer): Promise<string> {
  return new TextDecoder().decode((await readAll(answer, registrarAnswerBytesMax)) ?? new Uint8Array());
}

/**
 * The report of a wallet's failure over an order: what it means for the name is added, what is known of the money stays. A
 * paid replay that got a redirect or a page is malformed, and no success (R20, R21).
 *
 * @param answered the status of the answer, where the error is about something else
 */
export function reportOrderFailure(
  error: WalletError,
  answered: number | undefined,
  about: OrderAbout,
): ErrorReport {
  const known = reportWalletError(error);
  const report = { ...known, status: known.status ?? answered ?? null };
  const { status, id } = report;
  if (status === null || id === null) return report;
  // A refusal with a 2xx is a page in place of JSON.
  if (status >= 200 && status <= 399) {
    const { code } = malformed(status, '', '');
    const message = `${error.message} The registrar took the paid request for a web form: the JSON body or its Content-Type was lost on the way, and nothing was registered by it.`;
    return { ...report, error: { ...report.error, code, message: forDomains(message) } };
  }
  const advice = adviseOn(status, error.problem?.type, about);
  if (advice === undefined || status === 402) return { ...report, error: verified(report.error) };
  const final = advice.code === 'kept_as_balance';
  const said = final ? '' : `${forDomains(error.message)} `;
  const message = `${said}${plainText(advice.means)}. ${advice.next}`;
  const retry = final ? advice.retry : report.error.retry;
  return { ...report, error: { ...report.error, code: advice.code, message, retry } };
}

/** A payment that did not verify (R27): what to look at first, in the order of the document's list (R29). */
function verified(error: ErrorReport['error']): ErrorReport['error'] {
  const unverified = /did not verify|invalid payment|KeyNotFound|not registered/i.test(error.message);
  const message = forDomains(error.message);
  if (!unverified) return { ...error, message };
  const advice =
    'Identity, body and Content-Type were sent again as before, so look at the signer: farebox wallet tempo keys, and farebox doctor for the rest.';
  return { ...error, message: `${message} ${advice}` };
}

function forDomains(message: string): string {
  return message.replaceAll('farebox pay resume', 'farebox domains resume');
}
