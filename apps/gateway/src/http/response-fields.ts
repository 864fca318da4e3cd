import { isCachingField } from '@farebox/gate';
import type { HeaderRules } from './header-rules.js';
import { connectionNamed } from './request-fields.js';

const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** A `Payment` challenge, anywhere in a WWW-Authenticate field. */
const PAYMENT_CHALLENGE = /(?:^|,)\s*payment(?:[\s,]|$)/i;

/** What no field value may hold (RFC 9110 §5.5); node would throw at it, and after a commit that would be too late. */
const FORBIDDEN = /[^\t\x20-\x7e\x80-\xff]/;

/** An upstream's header section, ready for the client. */
export interface ResponseFields {
  /** Flat list: name, value. */
  readonly fields: string[];
  /** From Content-Length; undefined when it was not given. */
  readonly length: number | undefined;
}

/**
 * Filters an upstream's header section: hop-by-hop fields and everything that only the gateway may say are taken
 * out, so that an upstream can forge neither receipt nor challenge.
 *
 * @param paid also takes out what caches go by, and the upstream's own limits; likewise for who is let in by a key, where
 *   others pay.
 * @param rules what the seller changes; what caches go by stays ours on a paid answer.
 * @returns undefined when a field may not be sent on.
 */
export function responseFields(
  raw: readonly string[],
  paid: boolean,
  rules?: HeaderRules,
): ResponseFields | undefined {
  const named = connectionNamed(raw);
  const fields: string[] = [];
  let length: number | undefined;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? '';
    const value = raw[i + 1] ?? '';
    const lower = name.toLowerCase();
    if (HOP_BY_HOP.has(lower) || named?.has(lower)) continue;
    if (lower.startsWith('payment-') || lower.startsWith('x-payment') || lower.startsWith('farebox-'))
      continue;
    if (lower === 'www-authenticate' && PAYMENT_CHALLENGE.test(value)) continue;
    // Its limits are on us, and not on who asks; beside those of a key they would be read as one.
    if (paid && (isCachingField(lower) || lower.startsWith('ratelimit'))) continue;
    if (rules?.drop.has(lower)) continue;
    if (FORBIDDEN.test(value)) return undefined;
    if (lower === 'content-length') {
      // Repeated and equal is allowed (RFC 9110 §8.6); one is enough for the client.
      if (length !== undefined) continue;
      length = Number(value);
      if (!Number.isSafeInteger(length) || length < 0) return undefined;
    }
    fields.push(name, value);
  }
  if (rules !== undefined) {
    for (let i = 0; i + 1 < rules.add.length; i += 2) {
      const name = rules.add[i] ?? '';
      if (!(paid && isCachingField(name.toLowerCase()))) fields.push(name, rules.add[i + 1] ?? '');
    }
  }
  return { fields, length };
}
