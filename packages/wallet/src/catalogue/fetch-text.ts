import { type Result, refuse } from '@farebox/protocol';

/** A document, read whole. */
export interface FetchedText {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
  /** Where a 3xx points. */
  readonly location: string | undefined;
}

/** How a document is read. */
export interface FetchTextOptions {
  readonly fetch: typeof globalThis.fetch;
  readonly accept: string;
  readonly bytesMax: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads a small document from a stranger: bounded in size and time, no redirect followed, nothing sent but the address.
 *
 * Codes: `unreachable`, `timed_out`, `too_large`, `aborted`.
 */
export async function fetchText(url: string, options: FetchTextOptions): Promise<Result<FetchedText>> {
  const late = AbortSignal.timeout(options.timeoutMs);
  const signal = options.signal ? AbortSignal.any([options.signal, late]) : late;
  try {
    const response = await options.fetch(url, {
      headers: { accept: options.accept },
      redirect: 'manual',
      signal,
    });
    const text = await readBounded(response, options.bytesMax);
    if (text === undefined) return refuse('too_large', `It is larger than ${options.bytesMax} bytes`);
    return {
      ok: true,
      value: {
        status: response.status,
        contentType: response.headers.get('content-type') ?? '',
        text,
        location: response.headers.get('location') ?? undefined,
      },
    };
  } catch {
    if (options.signal?.aborted) return refuse('aborted', 'Given up');
    return late.aborted
      ? refuse('timed_out', `It did not come within ${options.timeoutMs / 1000} s`)
      : refuse('unreachable', 'It cannot be reached');
  }
}

/** The body as text; undefined when it is larger than allowed. What is not UTF-8 becomes replacement characters. */
export async function readBounded(response: Response, bytesMax: number): Promise<string | undefined> {
  const reader = response.body?.getReader();
  if (reader === undefined) return '';
  const decoder = new TextDecoder();
  let text = '';
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    length += value.byteLength;
    if (length > bytesMax) {
      await reader.cancel().catch(() => undefined);
      return undefined;
    }
    text += decoder.decode(value, { stream: true });
  }
}
