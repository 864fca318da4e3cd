import { storedAnswerBytesMax } from '@farebox/ledger';
import type { Answer } from '../answer.js';
import { ByteGatherer } from '../byte-gatherer.js';
import type { Delivery } from '../delivery.js';

/** A complete answer of the gate as a Fetch response. A HEAD gets the same fields and no body. */
export function answerResponse(answer: Answer, head: boolean): Response {
  const headers = new Headers();
  for (let i = 0; i + 1 < answer.headers.length; i += 2)
    headers.append(answer.headers[i] ?? '', answer.headers[i + 1] ?? '');
  const { status, body } = answer;
  if (head || body.length === 0) return new Response(null, { status, headers });
  return new Response(typeof body === 'string' ? body : Uint8Array.from(body), { status, headers });
}

/** The fields of a response as a flat list. */
export function flatFields(headers: Headers): string[] {
  return [...headers].flat();
}

/** The beginning of a body, and what has not been read of it; undefined when that was all. */
export interface Collected {
  readonly chunks: readonly Uint8Array[];
  readonly rest: ReadableStreamDefaultReader<Uint8Array> | undefined;
}

/** Reads a body to its end, or until it is larger than what is kept. Rejects when the body breaks off. */
export async function collect(body: ReadableStream<Uint8Array> | null): Promise<Collected> {
  if (body === null) return { chunks: [], rest: undefined };
  const reader = body.getReader();
  const gathered = new ByteGatherer(storedAnswerBytesMax);
  for (let next = await reader.read(); next.value !== undefined; next = await reader.read()) {
    gathered.add(next.value);
    if (gathered.length > storedAnswerBytesMax) return { chunks: gathered.chunks, rest: reader };
  }
  return { chunks: gathered.chunks, rest: undefined };
}

/**
 * A body that tells its delivery how it ended: pulled to its end, it was answered; given up, or the request aborted, it was
 * cut; and broken off by the handler, cut without the client's doing. Nothing is read ahead, so its end is asked for only
 * by a server that has taken everything before.
 */
export function watchedBody(
  { chunks, rest }: Collected,
  delivery: Delivery,
  signal: AbortSignal,
): ReadableStream<Uint8Array> {
  const waiting = [...chunks];
  let over = false;
  function end(tell: () => void): void {
    if (over) return;
    over = true;
    signal.removeEventListener('abort', abort);
    tell();
  }
  function abort(): void {
    end(() => delivery.cut());
    // Its reader is the server, which may have let go of it; the handler's stream must hear of it all the same.
    rest?.cancel(signal.reason).catch(() => {});
  }
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const first = waiting.shift();
        if (first !== undefined) return controller.enqueue(first);
        try {
          const next = await rest?.read();
          if (next?.value !== undefined) return controller.enqueue(next.value);
        } catch (error) {
          end(() => delivery.cut(true));
          return controller.error(error);
        }
        end(() => delivery.answered());
        controller.close();
      },
      cancel(reason) {
        end(() => delivery.cut());
        return rest?.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
