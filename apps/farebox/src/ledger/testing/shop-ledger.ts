import { createHash } from 'node:crypto';
import { type ClaimRequest, type Ledger, openSqliteLedger } from '@farebox/ledger';

/** When the first payment of a {@link fillLedger} is presented. */
export const firstMs = Date.UTC(2026, 0, 31, 23, 59, 58);

/** A currency of tempo. */
export const tokenAddress = `0x20c0${'0'.repeat(35)}1`;

/** The least `farebox.yaml` that names a ledger; `more` are further lines. */
export const configOf = (ledger: string, more = ''): string =>
  `realm: http://localhost
ledger: ${ledger}
${more}upstreams: { api: 'http://127.0.0.1:9' }
routes: [{ match: GET /free, upstream: api, price: free }]
`;

const dayMs = 86_400_000;

/** A request whose names are made of a number. */
export function requestOf(number: number, changes: Partial<ClaimRequest> = {}): ClaimRequest {
  const nowMs = changes.nowMs ?? firstMs + number * 1000;
  return {
    challengeId: createHash('sha256').update(`challenge ${number}`).digest('base64url'),
    reference: createHash('sha256').update(`payment ${number}`).digest('hex'),
    method: 'lightning',
    intent: 'charge',
    paid: { amount: BigInt(number), currency: 'sat' },
    route: 'GET /v1/bitcoin/*',
    resource: `GET /v1/bitcoin/price?n=${number}`,
    expiresMs: nowMs + 300_000,
    nowMs,
    ...changes,
  };
}

/** Does something with a ledger in a file, as a gateway would, and closes it. */
export async function withLedger<T>(path: string, work: (ledger: Ledger) => Promise<T>): Promise<T> {
  const ledger = await openSqliteLedger({ path });
  try {
    return await work(ledger);
  } finally {
    await ledger.close();
  }
}

async function seqOf(claiming: Promise<{ readonly ok: boolean; readonly seq?: number }>): Promise<number> {
  const { seq } = await claiming;
  if (seq === undefined) throw new Error('it was taken');
  return seq;
}

/**
 * Eight claims, numbered from 1, each paid with as many base units as its number, a second after the one before:
 *
 * 1 expired, a hundred days old · 2 a credit · 3 delivered after having been a credit, its answer cut · 4 unknown ·
 * 5 refunded · 6 answered · 7 answered, by tempo in a currency that is a token's address · 8 held by a gateway that ended
 */
export async function fillLedger(path: string): Promise<void> {
  await withLedger(path, async (ledger) => {
    const orders = { route: 'POST /v1/orders', resource: 'POST /v1/orders' };
    await ledger.release(requestOf(1, { nowMs: firstMs - 100 * dayMs }));
    await ledger.release(requestOf(2));
    await ledger.release(requestOf(3));
    await ledger.unknown(await seqOf(ledger.claim(requestOf(4, orders))), firstMs + 4_500);
    const five = await seqOf(ledger.release(requestOf(5)));
    await ledger.answered(await seqOf(ledger.deliver(requestOf(6))), firstMs + 6_500);
    const paid = { amount: 7n, currency: tokenAddress };
    const seven = requestOf(7, { method: 'tempo', paid, route: 'GET /v1/say/"hello", world' });
    await ledger.answered(await seqOf(ledger.deliver(seven)), firstMs + 7_500);
    // What a terminal would take for a command, in a part that the buyer chooses.
    await ledger.claim(requestOf(8, { ...orders, resource: 'POST /v1/orders\u001b[2J' }));
    const three = await seqOf(ledger.deliver(requestOf(3, { nowMs: firstMs + 20_000 })));
    await ledger.cut(three, firstMs + 21_000);
    await ledger.refund(five, firstMs + 30_000);
    await ledger.sweep({
      nowMs: firstMs + 40_000,
      redemptionWindowMs: 90 * dayMs,
      replayWindowMs: dayMs,
      retentionMs: 400 * dayMs,
      rowsMax: 100,
    });
  });
}
