import { type Answer, discard } from '../answer.js';
import { WalletError } from '../errors.js';

/** Most bytes of an answer that are read when not told otherwise: what is unpacked can be larger than what was sent. */
export const answerBytesMax = 64 * 1024 * 1024;
/**
 * How much of an answer is read before anybody asks for it. An answer that is whole by then counts as delivered, read or
 * not: who looks only at the status has what they paid for.
 */
export const readAheadBytes = 64 * 1024;

const nullBodyStatuses = new Set([204, 205, 304]);

/** Where an answer came from, and how much of it may be read. */
export interface ResponseOptions {
  readonly url: string;
  readonly redirected: boolean;
  readonly bytesMax: number;
  /** The payment in the journal; absent when the answer cost nothing. */
  readonly paymentId: string | undefined;
}

/**
 * An answer as a `Response`. Its body is streamed; breaking off, silence and too many bytes end it with a
 * {@link WalletError}, and a paid one stays resumable.
 */
export async function toResponse(answer: Answer, options: ResponseOptions): Promise<Response> {
  const { status } = answer;
  if (status < 200 || status > 599) {
    await discard(answer);
    const message = `The seller's answer has the status ${status}, which HTTP does not know; nothing was paid.`;
    throw new WalletError('unreachable', message, { status });
  }
  // What is no reason phrase to `Response` is left out.
  const statusText = /^[\t\x20-\x7e\x80-\xff]*$/.test(answer.statusText ?? '') ? answer.statusText : '';
  let body: ReadableStream<Uint8Array> | null = null;
  if (nullBodyStatuses.has(status)) await finish(answer);
  else body = streamOf(answer, options);
  const headers = new Headers(answer.headers.map(([name, value]): [string, string] => [name, value]));
  const response = new Response(body, { status, headers, ...(statusText && { statusText }) });
  // The constructor cannot set them, and callers read them.
  Object.defineProperties(response, {
    url: { value: options.url, configurable: true },
    redirected: { value: options.redirected, configurable: true },
  });
  return response;
}

/** Such an answer has no body; whatever else the seller sends is not waited for. */
async function finish(answer: Answer): Promise<void> {
  const { done } = await answer.body[Symbol.asyncIterator]().next();
  if (!done) await discard(answer);
}

function streamOf(answer: Answer, options: ResponseOptions): ReadableStream<Uint8Array> {
  const chunks = answer.body[Symbol.asyncIterator]();
  let bytesLeft = options.bytesMax;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done) return controller.close();
        bytesLeft -= value.byteLength;
        if (bytesLeft >= 0) return controller.enqueue(value);
        await chunks.return?.();
        throw tooLarge(options);
      },
      async cancel() {
        await chunks.return?.();
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: readAheadBytes }),
  );
}

function tooLarge({ bytesMax, paymentId }: ResponseOptions): WalletError {
  const what = `The answer is larger than ${bytesMax} bytes`;
  if (paymentId === undefined)
    return new WalletError('free_answer_too_large', `${what}; it cost nothing and was not read on.`);
  const message = `${what} and was not read on. It is paid; get it again, without paying, with a higher answerBytesMax: farebox pay resume ${paymentId}`;
  return new WalletError('answer_too_large', message, { paymentId });
}
