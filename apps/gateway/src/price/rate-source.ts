import { open } from 'node:fs/promises';
import { type Decimal, parseDecimal } from './decimal.js';
import { valueAt } from './json-pointer.js';

/** What one bitcoin costs, and as of when. */
export interface Rate {
  readonly perBtc: Decimal;
  /** Milliseconds since the epoch. */
  readonly asOfMs: number;
}

/** Where a rate is read. */
export interface RatePlace {
  readonly kind: 'file' | 'url' | 'upstream';
  /** An absolute path, or a URL. */
  readonly from: string;
  /** JSON pointer to the price of one bitcoin, a number or a text. */
  readonly at: string;
  /** JSON pointer to the time of that price. Undefined: when the file was written, when the URL was asked. */
  readonly asOf: string | undefined;
}

/** Largest text in which a rate is looked for. */
export const rateBytesMax = 65_536;
/** How long a URL may take. */
export const rateTimeoutMs = 10_000;

/** A rate that could not be read. The message names no URL, which may hold a key. */
export class RateError extends Error {
  override readonly name = 'RateError';
  readonly code = 'rate_unreadable';
}

/**
 * Reads a rate.
 *
 * @param nowMs milliseconds since the epoch
 * @throws RateError that says what is wrong
 */
export async function readRate(place: RatePlace, nowMs: number): Promise<Rate> {
  let read: { text: string; asOfMs: number };
  try {
    read = place.kind === 'file' ? await readRateFile(place.from) : await fetchRate(place.from, nowMs);
  } catch (cause) {
    if (cause instanceof RateError) throw cause;
    throw new RateError(`The rate could not be read from its ${place.kind}.`, { cause });
  }
  let json: unknown;
  try {
    json = JSON.parse(read.text);
  } catch (cause) {
    throw new RateError('The rate is not in JSON.', { cause });
  }
  const value = valueAt(json, place.at);
  const perBtc =
    typeof value === 'number' || typeof value === 'string' ? parseDecimal(String(value)) : undefined;
  if (perBtc === undefined) throw new RateError(`There is no positive number at "${place.at}".`);
  const statedMs = place.asOf === undefined ? read.asOfMs : readTime(valueAt(json, place.asOf));
  if (statedMs === undefined) throw new RateError(`There is no time at "${place.asOf}".`);
  // A source whose clock is ahead must not make its rate young for longer.
  return { perBtc, asOfMs: Math.min(statedMs, nowMs) };
}

/** RFC 3339, or seconds since the epoch, as a number or a text. */
function readTime(value: unknown): number | undefined {
  const seconds =
    typeof value === 'number' ? value : /^[0-9]{1,11}$/.test(String(value)) ? Number(value) : undefined;
  const ms =
    seconds === undefined ? (typeof value === 'string' ? Date.parse(value) : Number.NaN) : seconds * 1_000;
  return Number.isFinite(ms) ? ms : undefined;
}

async function readRateFile(path: string): Promise<{ text: string; asOfMs: number }> {
  const file = await open(path, 'r');
  try {
    const { size, mtimeMs } = await file.stat();
    if (size > rateBytesMax)
      throw new RateError(`The file of the rate is larger than ${rateBytesMax} bytes.`);
    return { text: await file.readFile('utf8'), asOfMs: mtimeMs };
  } finally {
    await file.close();
  }
}

async function fetchRate(url: string, nowMs: number): Promise<{ text: string; asOfMs: number }> {
  const response = await fetch(url, {
    headers: { Accept: 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(rateTimeoutMs),
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new RateError(`The source of the rate answered ${response.status}.`);
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > rateBytesMax) throw new RateError(`The rate's source sent more than ${rateBytesMax} bytes.`);
    chunks.push(chunk);
  }
  return { text: Buffer.concat(chunks).toString('utf8'), asOfMs: nowMs };
}
