import { parseChallenges } from '@farebox/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Reply } from '../testing/client.js';
import { claims } from '../testing/rig.js';
import { openShop, type Shop, valuesOf } from './testing/shop.js';

// Every combination of what comes with a request, with the whole answer (design: what a client sees; R37, R47 to R50, R52).

const keyKinds = ['none', 'bad', 'good', 'over its limit', 'expired', 'out of scope'] as const;
const paymentKinds = [
  'none',
  'malformed',
  'bad proof',
  'good',
  'of another route',
  'used',
  'expired',
] as const;
type KeyKind = (typeof keyKinds)[number];
type PaymentKind = (typeof paymentKinds)[number];

/** What is expected of one combination. */
interface Expected {
  readonly status: number;
  /** How often the upstream is asked. */
  readonly upstream: number;
  /** Payment challenges in the answer. */
  readonly challenges: number;
  readonly receipt?: boolean;
  /** The reason in `Farebox-Payment: ignored; reason=…`. */
  readonly ignored?: string;
  readonly rateLimit?: boolean;
  readonly retryAfter?: boolean;
  readonly keyChallenge?: boolean;
  readonly title?: string;
}

const refusedPayments: Readonly<
  Record<Exclude<PaymentKind, 'none' | 'good'>, Expected & { reason: string }>
> = {
  malformed: { reason: 'malformed', status: 402, upstream: 0, challenges: 1, title: 'Malformed Credential' },
  'bad proof': {
    reason: 'invalid-proof',
    status: 402,
    upstream: 0,
    challenges: 1,
    title: 'Invalid Preimage',
  },
  'of another route': {
    reason: 'other-resource',
    status: 403,
    upstream: 0,
    challenges: 0,
    title: 'Forbidden',
  },
  used: { reason: 'used', status: 402, upstream: 0, challenges: 1, title: 'Unknown Challenge' },
  expired: { reason: 'expired', status: 402, upstream: 0, challenges: 1, title: 'Expired Invoice' },
};

/** The rules, as the design says them. */
function expected(key: KeyKind, payment: PaymentKind): Expected {
  // R48, R49: a good payment pays, whatever key stands beside it.
  if (payment === 'good') return { status: 200, upstream: 1, challenges: 0, receipt: true };
  if (payment === 'none') {
    switch (key) {
      case 'none':
        return { status: 402, upstream: 0, challenges: 1, title: 'Payment Required' };
      case 'good':
        return { status: 200, upstream: 1, challenges: 0, rateLimit: true };
      case 'over its limit':
        return { ...limited, title: 'Too Many Requests' };
      case 'out of scope':
        return { status: 403, upstream: 0, challenges: 1, title: 'Forbidden' };
      case 'bad':
      case 'expired':
        return { status: 401, upstream: 0, challenges: 1, keyChallenge: true, title: 'Unauthorized' };
    }
  }
  const { reason, ...refused } = refusedPayments[payment];
  // R50: the payment fails and the key serves; over its limit it is 429; any other key leaves it at the payment's refusal.
  if (key === 'good') return { status: 200, upstream: 1, challenges: 0, rateLimit: true, ignored: reason };
  if (key === 'over its limit') return { ...limited, title: 'Too Many Requests', ignored: reason };
  return refused;
}

const limited = { status: 429, upstream: 0, challenges: 1, rateLimit: true, retryAfter: true };

let shop: Shop;
// A month that does not end while the test runs.
let clockMs = Date.UTC(2030, 0, 15, 12);

beforeAll(async () => {
  shop = await openShop({
    now: () => clockMs,
    config: {
      plans: {
        default: { rate: [{ requests: 1_000, per: '1h' }] },
        tiny: { quota: [{ requests: 1, per: 'month' }] },
      },
    },
  });
});
afterAll(() => shop.close());

async function keyOf(kind: KeyKind): Promise<string | undefined> {
  switch (kind) {
    case 'none':
      return undefined;
    case 'bad':
      return `fb_live_${'z'.repeat(32)}`;
    case 'good':
      return shop.makeKey({ scopes: ['GET /paid/*'] });
    case 'expired':
      return shop.makeKey({ expiresMs: clockMs });
    case 'out of scope':
      return shop.makeKey({ scopes: ['POST /paid/*', 'GET /other/*'] });
    case 'over its limit': {
      const secret = await shop.makeKey({ plan: 'tiny' });
      expect((await shop.ask('/paid/first', { headers: ['X-API-Key', secret] })).status).toBe(200);
      return secret;
    }
  }
}

async function paymentOf(kind: PaymentKind, path: string): Promise<string | undefined> {
  switch (kind) {
    case 'none':
      return undefined;
    case 'malformed':
      return 'Payment e30';
    case 'good':
      return shop.buy(path);
    case 'of another route':
      return shop.buy('/paid/other');
    case 'used': {
      const credential = await shop.buy(path);
      expect((await shop.ask(path, { headers: ['Authorization', credential] })).status).toBe(200);
      return credential;
    }
    case 'expired': {
      const credential = await shop.buy(path);
      clockMs += 6 * 60_000;
      return credential;
    }
    case 'bad proof': {
      const paid = await shop.buy(path);
      const credential = JSON.parse(Buffer.from(paid.slice('Payment '.length), 'base64url').toString());
      credential.payload.preimage = '00'.repeat(32);
      return `Payment ${Buffer.from(JSON.stringify(credential)).toString('base64url')}`;
    }
  }
}

const challengesOf = (reply: Reply): number =>
  parseChallenges(reply.fields('www-authenticate')).challenges.length;

describe('R49, R50: payment and key on one request', () => {
  const cells = keyKinds.flatMap((key) => paymentKinds.map((payment) => ({ key, payment })));

  it.each(cells)('key $key, payment $payment', async ({ key, payment }) => {
    const path = `/paid/${key}-${payment}`.replaceAll(' ', '-');
    const credential = await paymentOf(payment, path);
    const secret = await keyOf(key);
    const before = { hits: shop.seen.length, answered: await claims(shop.gateway, 'answered') };
    const reply = await shop.ask(path, {
      headers: [
        ...(secret === undefined ? [] : ['X-API-Key', secret]),
        ...(credential === undefined ? [] : ['Authorization', credential]),
      ],
    });
    const want = expected(key, payment);
    const [, reason] = /^ignored; reason=(.+)$/.exec(reply.field('farebox-payment') ?? '') ?? [];
    expect({
      status: reply.status,
      upstream: shop.seen.length - before.hits,
      challenges: challengesOf(reply),
      receipt: reply.field('payment-receipt') !== undefined,
      ignored: reason,
      rateLimit: reply.field('ratelimit') !== undefined && reply.field('ratelimit-policy') !== undefined,
      retryAfter: reply.field('retry-after') !== undefined,
      keyChallenge: reply.fields('www-authenticate').some((field) => field.startsWith('ApiKey ')),
      title: reply.status === 200 ? undefined : reply.json().title,
    }).toEqual({
      ...{ receipt: false, ignored: undefined, rateLimit: false, retryAfter: false, keyChallenge: false },
      ...{ title: undefined, ...want },
    });
    // What is said twice agrees; nothing that opens anything is said again; no cache may keep it.
    if (reply.status !== 200) {
      expect(reply.json().status).toBe(reply.status);
      expect(reply.field('cache-control')).toBe('no-store');
    } else {
      expect(reply.fields('cache-control')).toEqual(['private']);
      const { headers = [] } = shop.seen.at(-1) ?? {};
      expect([...valuesOf(headers, 'x-api-key'), ...valuesOf(headers, 'authorization')]).toEqual([]);
    }
    if (secret !== undefined) expect(reply.raw.join() + reply.body.toString()).not.toContain(secret);
    // Consumed: a good payment, and nothing else. What was refused works where it belongs.
    if (payment === 'good' || payment === 'of another route') {
      const home = payment === 'good' ? path : '/paid/other';
      const again = await shop.ask(home, { headers: ['Authorization', credential ?? ''] });
      expect(again.status).toBe(payment === 'good' ? 402 : 200);
    }
  });
});
