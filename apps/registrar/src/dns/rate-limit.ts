import { isIPv6 } from 'node:net';

/** How many answers a network may get. */
export interface ResponseRate {
  readonly perSecond: number;
  /** So many at once after a quiet time. */
  readonly burst: number;
}

/** What becomes of a query over UDP: answered; told to come by TCP, which no forged sender can; or not answered. */
export type RateVerdict = 'answer' | 'truncate' | 'drop';

/** A public resolver's network asks for many; a victim of forged senders gets no more than this. */
export const defaultResponseRate: ResponseRate = { perSecond: 200, burst: 400 };

/** How many networks are remembered; whoever has been quiet longest is forgotten first. */
export const networksMax = 65_536;

/** Over the rate every second query is told to use TCP, so that a real asker behind it still gets through. */
const slipEvery = 2;

interface Bucket {
  tokens: number;
  atMs: number;
  over: number;
}

/**
 * Response rate limiting: a forged sender cannot turn this server against somebody. Counted by network, IPv4 by /24 and IPv6
 * by /56, as senders are forged by network.
 */
export class ResponseLimiter {
  readonly #rate: ResponseRate;
  readonly #buckets = new Map<string, Bucket>();

  constructor(rate: ResponseRate = defaultResponseRate) {
    this.#rate = rate;
  }

  /** Networks remembered. */
  get size(): number {
    return this.#buckets.size;
  }

  take(address: string, nowMs: number): RateVerdict {
    const network = networkOf(address);
    const { perSecond, burst } = this.#rate;
    const bucket = this.#buckets.get(network) ?? { tokens: burst, atMs: nowMs, over: 0 };
    const passedMs = Math.max(0, nowMs - bucket.atMs);
    bucket.tokens = Math.min(burst, bucket.tokens + (passedMs * perSecond) / 1_000);
    bucket.atMs = nowMs;
    // The order of a Map is that of insertion: put back at the end, the first is whoever asked longest ago.
    this.#buckets.delete(network);
    this.#buckets.set(network, bucket);
    if (this.#buckets.size > networksMax) this.#forgetOldest();
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1;
      return 'answer';
    }
    bucket.over += 1;
    return bucket.over % slipEvery === 0 ? 'truncate' : 'drop';
  }

  #forgetOldest(): void {
    const [oldest] = this.#buckets.keys();
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }
}

/** The network of an address: the first 24 bits of IPv4 (also inside IPv6), the first 56 of IPv6. */
export function networkOf(address: string): string {
  const plain = address.replace(/%.*$/, '').toLowerCase();
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(plain) ?? [];
  const four = mapped ?? plain;
  if (!isIPv6(four)) return four.split('.').slice(0, 3).join('.');
  const [front = '', back] = four.split('::');
  const head = front === '' ? [] : front.split(':');
  const tail = back === undefined || back === '' ? [] : back.split(':');
  const zeros = back === undefined ? 0 : Math.max(0, 8 - head.length - tail.length);
  const groups = [...head, ...new Array<string>(zeros).fill('0'), ...tail].slice(0, 4);
  return groups
    .map((group, at) => (Number.parseInt(group, 16) & (at === 3 ? 0xff00 : 0xffff)).toString(16))
    .join(':');
}
