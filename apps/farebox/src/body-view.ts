import { type Answer, answerHeader, readAll, WalletError } from '@farebox/wallet';
import { CliError } from './cli-error.js';

/** Largest body that goes into the JSON object or onto the terminal. Larger ones are streamed with --body or -o. */
export const shownBodyBytesMax = 8 * 1024 * 1024;

/** A body as it stands in the JSON object. */
export interface BodyView {
  /** A JSON value, text, base64, or `null` when there is none. */
  readonly body: unknown;
  readonly bodyEncoding: 'json' | 'text' | 'base64' | 'none';
}

/** Reads an answer for the JSON object. */
export async function readBodyView(answer: Answer, paymentId?: string): Promise<BodyView> {
  const bytes = await readAll(answer, shownBodyBytesMax);
  if (bytes === undefined) throw tooLarge(paymentId);
  return viewBody(bytes, answerHeader(answer, 'content-type'));
}

function tooLarge(paymentId: string | undefined): Error {
  const what = `The answer is larger than ${shownBodyBytesMax} bytes; take it with -o <file> or --body`;
  if (paymentId === undefined) return new CliError('answer_too_large', `${what}.`);
  const message = `${what}, without paying again: farebox pay resume ${paymentId} -o <file>`;
  return new WalletError('answer_too_large', message, { paymentId });
}

/** A body as JSON value, text or base64. */
export function viewBody(bytes: Uint8Array, contentType: string | undefined): BodyView {
  if (bytes.byteLength === 0) return { body: null, bodyEncoding: 'none' };
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return { body: Buffer.from(bytes).toString('base64'), bodyEncoding: 'base64' };
  }
  if (/[/+]json\b/i.test(contentType ?? '')) {
    try {
      return { body: JSON.parse(text), bodyEncoding: 'json' };
    } catch {
      // Not what it says it is: shown as the text that it is.
    }
  }
  return { body: text, bodyEncoding: 'text' };
}

/** A body fit for a terminal: what a seller sends must not steer it. */
export function terminalText(view: BodyView): string {
  if (view.bodyEncoding === 'none') return '';
  if (view.bodyEncoding === 'base64') return '(not text; take it with -o <file> or --body)';
  const text = typeof view.body === 'string' ? view.body : JSON.stringify(view.body, undefined, 2);
  return text.replace(/[^\P{Cc}\n\t]|[\p{Cf}]/gu, '');
}

/** The answer was arriving and could not be handed on: the reader of stdout left, the disk is full. */
export function notWritten(cause: unknown, paymentId: string | undefined): Error {
  if (cause instanceof WalletError || cause instanceof CliError) return cause;
  if (paymentId === undefined) {
    return new CliError('output_failed', 'The answer could not be written to its place; nothing was spent.', {
      cause,
    });
  }
  const message = `The answer could not be written to its place. Take it again, without paying: farebox pay resume ${paymentId}`;
  return new WalletError('answer_unknown', message, { paymentId, cause });
}

/** Streams an answer to stdout, unchanged. */
export async function pipeToStdout(answer: Answer, paymentId?: string): Promise<void> {
  try {
    for await (const chunk of answer.body) {
      await new Promise<void>((resolve, reject) => {
        process.stdout.write(chunk, (error) => (error ? reject(error) : resolve()));
      });
    }
  } catch (cause) {
    throw notWritten(cause, paymentId);
  }
}
