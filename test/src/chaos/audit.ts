import type { ClaimTotal } from '@farebox/ledger';
import type { PaymentState } from '@farebox/lightning';
import { parseReceipt } from '@farebox/protocol';
import type { JournalEntry } from '@farebox/wallet';
import { goodsFor } from './goods.js';
import { presentSettled, type Shown } from './presenting.js';
import { type Child, until } from './processes.js';
import { routeOf, routes, type World } from './world.js';

/** What became of all that was paid. */
export interface Audit {
  /** Everything that must not be. Empty, or a fault of ours. */
  readonly violations: readonly string[];
  /** Payments that the wallet's node has really made. */
  readonly paid: number;
  /** Of these: the client has it, and says so with a receipt. */
  readonly delivered: number;
  /** Of these: not delivered until the audit presented the credential, which was good. */
  readonly redeemed: number;
  /**
   * Of these, on `once` routes only: the upstream may have acted and nobody knows, so nothing is repeated (409
   * `outcome-unknown`). Neither delivered nor lost; the seller decides.
   */
  readonly held: number;
  /** Of these: neither delivered nor redeemable. Each is a violation as well. */
  readonly lost: number;
  /** Paid, served or executed once more than is right. Each is a violation as well. */
  readonly doubled: number;
  /** Delivered before a kill that kept the gateway from noting it: the credential was good once more. */
  readonly givenAgain: number;
  readonly notPaid: number;
  readonly paidMsat: string;
  readonly upstreamHits: number;
  readonly ledger: readonly string[];
}

/** What an audit looks at. */
export interface AuditParts {
  readonly world: World;
  /** Runs; is ended by the audit, because the ledger has one user. */
  readonly gateway: Child;
  readonly gatewayKills: readonly number[];
  /** How long a purchase takes here from its upstream to its end, milliseconds: a slow machine notes it later. */
  readonly endingMs: number;
  /** What the wallet's node had at the beginning. */
  readonly balanceMsat: bigint;
  /** Everything that gateways and wallets have written. */
  readonly written: () => readonly string[];
}

type Outcome = 'delivered' | 'redeemed' | 'held' | 'lost';

/** How far from a delivery a kill may lie that kept it from being noted, at least, milliseconds. */
const killWindowMsMin = 1_000;

/** Looks at everything that was paid, from both ends. */
export async function auditPurchases(parts: AuditParts): Promise<Audit> {
  const entries = parts.world.journal.list({ limit: 10_000 });
  const auditor = new Auditor(parts);
  for (const entry of entries) await auditor.look(entry);
  await auditor.countMoney(entries);
  await parts.gateway.kill('SIGTERM');
  await auditor.openBooks();
  auditor.readOutput();
  return auditor.report();
}

interface Paid {
  readonly entry: JournalEntry;
  readonly preimage: string;
  readonly feeMsat: bigint;
  readonly outcome: Outcome;
}

class Auditor {
  readonly #parts: AuditParts;
  readonly #violations: string[] = [];
  readonly #paid: Paid[] = [];
  readonly #paths = new Set<string>();
  readonly #counts = { notPaid: 0, givenAgain: 0, doubled: 0 };
  #ledger: readonly ClaimTotal[] = [];

  constructor(parts: AuditParts) {
    this.#parts = parts;
  }

  async look(entry: JournalEntry): Promise<void> {
    const { merchant, wallet, url } = this.#parts.world;
    const { reference } = entry;
    const path = entry.request?.url.slice(url.length) ?? '';
    const state = await until(`payment ${reference} is settled or failed`, async () => {
      const found: PaymentState = await wallet.trackPayment(reference);
      return found.status === 'in-flight' ? undefined : found;
    });
    const invoice = await merchant.lookupInvoice(reference);
    this.#expect(
      (state.status === 'succeeded') === (invoice?.status === 'settled'),
      path,
      'the nodes disagree',
    );
    if (state.status !== 'succeeded') {
      this.#counts.notPaid++;
      const unpaid = ['planned', 'paying', 'payment-unknown', 'not-paid'].includes(entry.state);
      this.#expect(unpaid, path, `not paid, but the journal says ${entry.state}`);
      return;
    }
    this.#expect(
      !['planned', 'not-paid'].includes(entry.state),
      path,
      `paid, but the journal says ${entry.state}`,
    );
    this.#expectOnce(!this.#paths.has(path), path, 'paid twice for one request');
    this.#paths.add(path);
    this.#expect(invoice?.receivedMsat === priceMsat(path), path, 'another amount arrived than the price');
    const outcome = await this.#outcomeOf(entry, path, state.preimage);
    this.#paid.push({ entry, preimage: state.preimage, feeMsat: state.feeMsat, outcome });
    this.#countHits(entry, path, outcome);
  }

  async #outcomeOf(entry: JournalEntry, path: string, preimage: string): Promise<Outcome> {
    // What was delivered is presented as a thief would, without the key; what was not, as the wallet would.
    const first = await this.#present(entry, path, preimage, entry.state !== 'delivered');
    if (entry.state === 'delivered') {
      const { receipt } = entry;
      this.#expect(
        receipt?.challengeId === entry.challenge.id && receipt.reference === entry.reference,
        path,
        'delivered without its receipt',
      );
      if (first.status !== 402) this.#judgeAgain(entry, path, first.status);
      return 'delivered';
    }
    if (first.status === 200) {
      const receipt = parseReceipt(first.receipt);
      const genuine = receipt.ok && receipt.value.challengeId === entry.challenge.id;
      this.#expect(
        genuine && first.body === goodsFor(path),
        path,
        'redeemed, but not with the goods and a receipt',
      );
      const second = await this.#present(entry, path, preimage, false);
      this.#expectOnce(second.status === 402, path, `redeemed, and then answered ${second.status}`);
      return 'redeemed';
    }
    // A `once` route is never repeated: an outcome that nobody knows is held.
    const held = first.status === 409 && first.body.includes('outcome-unknown');
    if (held && routeOf(path) === 'once') return 'held';
    const detail = /"detail":"([^"]*)"/.exec(first.body)?.[1] ?? '';
    this.#violations.push(
      `${path}: LOST: paid, ${entry.state} in the journal, its credential gets ${first.status}: ${detail}`,
    );
    return 'lost';
  }

  /** A delivery whose end the gateway could not note any more is given again: from the kept answer, where there is one. */
  #judgeAgain(entry: JournalEntry, path: string, status: number): void {
    const { deliveredMs = 0 } = entry;
    const { gatewayKills, endingMs } = this.#parts;
    const windowMs = Math.max(killWindowMsMin, endingMs);
    const killed = gatewayKills.some((ms) => Math.abs(ms - deliveredMs) <= windowMs);
    this.#expectOnce(killed, path, `delivered, and with no kill near answered ${status} once more`);
    this.#expect(status === 200, path, `delivered, then answered ${status}`);
    this.#counts.givenAgain++;
  }

  /** A repeatable route asks its upstream at most once a presentation; a `once` route at most once. */
  #countHits({ challenge, presentations }: JournalEntry, path: string, outcome: Outcome): void {
    const hits = this.#parts.world.goods.hitsOf(path);
    const audits = 2;
    const once = routeOf(path) === 'once';
    const most = once ? 1 : presentations + audits;
    this.#expectOnce(
      hits.length <= most,
      path,
      `the upstream was asked ${hits.length} times, at most ${most} are right`,
    );
    const served = outcome === 'delivered' || outcome === 'redeemed';
    this.#expect(!served || hits.length > 0, path, 'served without the upstream');
    const keyed = once || routeOf(path) === 'idempotent';
    for (const { idempotencyKey } of hits)
      this.#expect(
        !keyed || idempotencyKey === challenge.id,
        path,
        'another Idempotency-Key than the challenge id',
      );
  }

  async #present(entry: JournalEntry, path: string, preimage: string, keyed: boolean): Promise<Shown> {
    const shown = await presentSettled(this.#parts.world.url, entry, path, preimage, keyed);
    this.#expect(!shown.body.includes(preimage), path, 'the answer holds the preimage');
    return shown;
  }

  /** What left the wallet's node is what the journal's payments cost: nothing went beside it. */
  async countMoney(entries: readonly JournalEntry[]): Promise<void> {
    const { spendableMsat } = await this.#parts.world.wallet.balance();
    const spent = this.#parts.balanceMsat - spendableMsat;
    this.#expect(
      spent === this.#paidMsat(),
      'wallet',
      `${spent} msat left it, its payments are ${this.#paidMsat()}`,
    );
    const ids = new Set(entries.map(({ challenge }) => challenge.id));
    this.#expect(ids.size === entries.length, 'journal', 'one challenge was planned twice');
    for (const leak of this.#parts.world.goods.leaks) this.#violations.push(`upstream: got ${leak}`);
  }

  #paidMsat(): bigint {
    return this.#paid.reduce((sum, { entry, feeMsat }) => sum + msatOf(entry) + feeMsat, 0n);
  }

  /** Every payment has been presented by now, so the ledger has exactly these, to the last satoshi. */
  async openBooks(): Promise<void> {
    const ledger = await this.#parts.world.openLedger();
    this.#ledger = await ledger.totals();
    const count = this.#ledger.reduce((sum, total) => sum + total.count, 0);
    const msat = this.#ledger.reduce((sum, { paid }) => sum + paid.amount * 1_000n, 0n);
    const settled = this.#paid.reduce((sum, { entry }) => sum + msatOf(entry), 0n);
    this.#expect(
      count === this.#paid.length,
      'ledger',
      `${count} claims for ${this.#paid.length} settled invoices`,
    );
    this.#expect(msat === settled, 'ledger', `${msat} msat in the books, ${settled} msat settled`);
    for (const { entry, outcome } of this.#paid) {
      const claim = await ledger.find(entry.challenge.id);
      const known = claim?.reference === entry.reference && claim.paid.amount * 1_000n === msatOf(entry);
      this.#expect(known, entry.challenge.id, 'the ledger has another payment for this challenge');
      const state = claim?.state;
      const right = outcome === 'held' ? ['claimed', 'unknown'] : ['delivered', 'answered'];
      this.#expect(right.includes(state ?? ''), entry.id, `${outcome}, but ${state} in the ledger`);
    }
    await ledger.close();
    const reader = await this.#parts.world.openReader();
    const { faults } = await reader.audit();
    this.#expect(faults.length === 0, 'books', `they disagree with the claims in ${faults.length} places`);
    await reader.close();
  }

  /** No process has written a proof down where people look. */
  readOutput(): void {
    const written = this.#parts.written();
    for (const { preimage, entry } of this.#paid)
      this.#expect(
        !written.some((text) => text.includes(preimage)),
        entry.id,
        'its preimage was written out',
      );
  }

  report(): Audit {
    const count = (wanted: Outcome) => this.#paid.filter(({ outcome }) => outcome === wanted).length;
    return {
      violations: this.#violations,
      paid: this.#paid.length,
      delivered: count('delivered'),
      redeemed: count('redeemed'),
      held: count('held'),
      lost: count('lost'),
      ...this.#counts,
      paidMsat: String(this.#paidMsat()),
      upstreamHits: this.#parts.world.goods.hits.length,
      ledger: this.#ledger.map(
        ({ state, count: claims, paid }) => `${claims} ${state}: ${paid.amount} ${paid.currency}`,
      ),
    };
  }

  #expectOnce(holds: boolean, where: string, otherwise: string): void {
    if (!holds) this.#counts.doubled++;
    this.#expect(holds, where, otherwise);
  }

  #expect(holds: boolean | undefined, where: string, otherwise: string): void {
    if (holds !== true) this.#violations.push(`${where}: ${otherwise}`);
  }
}

function priceMsat(path: string): bigint {
  return routes[routeOf(path)].priceSat * 1_000n;
}

function msatOf({ price }: JournalEntry): bigint {
  return price.currency === 'sat' ? price.amount * 1_000n : price.amount;
}
