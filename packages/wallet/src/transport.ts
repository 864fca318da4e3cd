import { type Answer, type BodyEnd, createAnswer } from './answer.js';
import type { WalletContext } from './context.js';
import type { WalletError } from './errors.js';
import type { Header, ReplayableRequest } from './request.js';

/** One exchange. `abort` ends it at any moment. */
export type Exchange =
  | { readonly ok: true; readonly answer: Answer; readonly abort: (reason: Error) => void }
  | { readonly ok: false; readonly kind: 'unreachable' | 'timed-out' | 'aborted'; readonly cause: unknown };

/** What a request can say to the runtime's `fetch` beside what the wallet decides itself. */
export type TransportInit = Readonly<
  Omit<RequestInit, 'method' | 'headers' | 'body' | 'redirect' | 'signal' | 'integrity' | 'window'>
>;

/** What one exchange may take, and who is told how it ends. */
export interface ExchangeOptions {
  readonly answerTimeoutMs: number;
  /** How long the body may be left unread; absent: for ever. */
  readonly unreadMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly transport?: TransportInit | undefined;
  readonly onEnd?: (end: BodyEnd) => void;
  readonly onChunk?: () => void;
  readonly onCut: (cause: unknown) => WalletError;
}

/**
 * Sends a request exactly as it stands. Redirects are not followed, ever: a credential is for one resource of one
 * seller, and a followed redirect would also turn a POST into a GET.
 */
export async function exchange(
  context: WalletContext,
  request: ReplayableRequest,
  headers: readonly Header[],
  options: ExchangeOptions,
): Promise<Exchange> {
  const controller = new AbortController();
  const abort = (reason: Error) => controller.abort(reason);
  const giveUp = () => abort(new Error('the caller gave up'));
  if (options.signal?.aborted) return { ok: false, kind: 'aborted', cause: options.signal.reason };
  options.signal?.addEventListener('abort', giveUp, { once: true });
  const timer = setTimeout(() => abort(new Error('no answer in time')), options.answerTimeoutMs);
  const release = () => options.signal?.removeEventListener('abort', giveUp);
  try {
    const response = await context.fetch(request.url, {
      ...options.transport,
      method: request.method,
      headers: headers.map(([name, value]): [string, string] => [name, value]),
      ...(request.body && { body: Uint8Array.from(request.body) }),
      redirect: 'manual',
      signal: controller.signal,
    });
    const onEnd = (end: BodyEnd) => {
      release();
      options.onEnd?.(end);
    };
    const idleMs = context.timeouts.answerIdleMs;
    return {
      ok: true,
      abort,
      answer: createAnswer(response, {
        idleMs,
        unreadMs: options.unreadMs,
        abort,
        onEnd,
        onChunk: options.onChunk,
        onCut: options.onCut,
      }),
    };
  } catch (cause) {
    release();
    const { signal } = options;
    if (signal?.aborted) return { ok: false, kind: 'aborted', cause: signal.reason };
    return { ok: false, kind: controller.signal.aborted ? 'timed-out' : 'unreachable', cause };
  } finally {
    clearTimeout(timer);
  }
}
