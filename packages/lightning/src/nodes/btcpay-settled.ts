import type { JsonObject } from '@farebox/protocol';
import { NodeError, type NodePeriod, type SettledInvoice } from '../node.js';
import { need, textOf, wholeOf } from './http/fields.js';
import { settledWithin } from './settled-pages.js';

const name = 'BTCPay Server';

/** What LND gives at a time when it is told no number, and BTCPay tells it none; phoenixd is asked for as many. */
const pageInvoicesMax = 100;

/** Above every number that a node gives to an invoice: only one that ignores the offset still lists any. */
const offsetBeyondAll = 2_147_483_647;

/** Most pages in a row that bring nothing new: invoices that LND has deleted leave such gaps in its numbers. */
const stalePagesMax = 1_000;

/**
 * The invoices that settled within a period, as the node behind BTCPay lists them (BTCPayServer.Lightning,
 * `ListInvoices`). Core Lightning, Eclair and LNDhub give all at once, whatever the offset. LND gives those whose
 * number is above it, oldest first, and phoenixd leaves out so many, newest first: counting on by what came misses
 * none with either, and brings some twice. A full page that comes again is all of the one kind, or a gap of LND's: what
 * is beyond every number tells which.
 */
export function btcpaySettled(
  list: (query: string) => Promise<readonly JsonObject[]>,
  period: NodePeriod,
): AsyncGenerator<SettledInvoice> {
  const seen = new Set<string>();
  let offset = 0;
  let stalePages = 0;
  let before = new Set<string>();
  let offsetCounts = false;
  return settledWithin(period, async () => {
    const listed = await list(offset === 0 ? '' : `?offsetIndex=${offset}`);
    const hashes = new Set(listed.map(hashOf));
    if (!offsetCounts && hashes.size > 0 && isSame(hashes, before)) {
      const all = await list(`?offsetIndex=${offsetBeyondAll}`);
      if (all.length > 0) return { invoices: paidOf(all), last: true };
      offsetCounts = true;
    }
    before = hashes;
    const known = seen.size;
    for (const hash of hashes) seen.add(hash);
    stalePages = seen.size > known ? 0 : stalePages + 1;
    if (stalePages > stalePagesMax) {
      throw new NodeError(
        'node_misbehaved',
        `${name} lists the same invoices again and again; ask its node.`,
      );
    }
    offset += listed.length;
    const ended = listed.length < pageInvoicesMax && stalePages > 0;
    return { invoices: paidOf(listed), last: ended || listed.length > pageInvoicesMax };
  });
}

function isSame(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && [...one].every((hash) => other.has(hash));
}

function paidOf(listed: readonly JsonObject[]): readonly SettledInvoice[] {
  return listed.filter((each) => textOf(each, 'status') === 'Paid').map(settledOf);
}

/** For every node that BTCPay knows, the payment hash is the id; versions before 2.0 show no other. */
function hashOf(invoice: JsonObject): string {
  const hash = textOf(invoice, 'paymentHash') ?? textOf(invoice, 'id');
  return need(hash, name, 'the hash of an invoice');
}

function settledOf(invoice: JsonObject): SettledInvoice {
  return {
    paymentHash: hashOf(invoice),
    receivedMsat: need(wholeOf(invoice, 'amountReceived'), name, 'what arrived for an invoice'),
    settledMs: Number(need(wholeOf(invoice, 'paidAt'), name, 'when an invoice settled')) * 1_000,
  };
}
