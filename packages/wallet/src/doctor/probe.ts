import { readBounded } from '../catalogue/fetch-text.js';
import { type Header, headerValue, type ReplayableRequest } from '../request.js';

/** Most of a body that is looked at. */
export const probeBodyBytesMax = 64 * 1024;
/** How long one question may take. */
export const probeTimeoutMs = 30_000;

/** One answer, as far as it is looked at. */
export interface ProbeAnswer {
  readonly status: number;
  readonly headers: readonly Header[];
  /** Empty when it is larger than {@link probeBodyBytesMax}. */
  readonly body: string;
  /** Half way between question and answer, by this machine's clock: what `Date` is compared with. */
  readonly atMs: number;
}

/** One question. */
export type Probe =
  | { readonly ok: true; readonly answer: ProbeAnswer }
  /** `code` is that of the system or of the TLS library, where there is one. */
  | { readonly ok: false; readonly kind: 'timed-out' | 'unreachable' | 'aborted'; readonly code: string };

/** How questions are asked. */
export interface ProbeOptions {
  readonly fetch: typeof globalThis.fetch;
  readonly now: () => number;
  readonly signal?: AbortSignal | undefined;
}

/** Sends a request exactly as it stands; follows no redirect, bounded in size and time. */
export async function probe(
  request: ReplayableRequest,
  headers: readonly Header[],
  { fetch, now, signal }: ProbeOptions,
): Promise<Probe> {
  const late = AbortSignal.timeout(probeTimeoutMs);
  const startedMs = now();
  try {
    const response = await fetch(request.url, {
      method: request.method,
      headers: headers.map(([name, value]): [string, string] => [name, value]),
      ...(request.body && { body: Uint8Array.from(request.body) }),
      redirect: 'manual',
      signal: signal ? AbortSignal.any([signal, late]) : late,
    });
    const atMs = (startedMs + now()) / 2;
    const body = (await readBounded(response, probeBodyBytesMax)) ?? '';
    return { ok: true, answer: { status: response.status, headers: [...response.headers], body, atMs } };
  } catch (error) {
    const kind = signal?.aborted ? 'aborted' : late.aborted ? 'timed-out' : 'unreachable';
    return { ok: false, kind, code: codeOf(error) };
  }
}

function codeOf(error: unknown): string {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 4; cause = cause.cause, depth += 1) {
    if ('code' in cause && typeof cause.code === 'string') return cause.code;
  }
  return '';
}

/** A header of an answer. */
export function answered(answer: ProbeAnswer, name: string): string | undefined {
  return headerValue(answer.headers, name);
}

/** True for what browsers are shown. */
export function isHtml(answer: ProbeAnswer): boolean {
  const type = answered(answer, 'content-type') ?? '';
  return /\b(?:x?html)\b/i.test(type) || /^\s*<(?:!doctype\s+html|html)\b/i.test(answer.body);
}

/** A `fetch` that keeps what it saw. */
export interface RecordingFetch {
  readonly fetch: typeof globalThis.fetch;
  /** The first answer; undefined as long as there is none. */
  readonly first: () => ProbeAnswer | undefined;
}

/** Looks at the first answer on its way to somebody else, who gets it unchanged; of bodies only those of a 402. */
export function recordingFetch(inner: typeof globalThis.fetch, now: () => number): RecordingFetch {
  let first: ProbeAnswer | undefined;
  return {
    first: () => first,
    async fetch(input, init) {
      const startedMs = now();
      const response = await inner(input, init);
      if (first !== undefined) return response;
      const { status, headers } = response;
      const atMs = (startedMs + now()) / 2;
      const body = status === 402 ? ((await readBounded(response.clone(), probeBodyBytesMax)) ?? '') : '';
      first = { status, headers: [...headers], body, atMs };
      return response;
    },
  };
}
