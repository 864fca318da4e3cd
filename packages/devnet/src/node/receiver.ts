import type { CreatedInvoice, InvoiceRequest, InvoiceState } from '@farebox/lightning';
import { NodeError } from '@farebox/lightning';
import * as ldk from 'lightningdevkit';
import type { NodeCore } from './core.js';
import type { InvoiceBook, InvoiceRecord, SettledPage, SettledPageRequest } from './invoice-book.js';

/** Longest description that BOLT 11 can carry, bytes. */
export const descriptionBytesMax = 639;

/** Longest life of an invoice, seconds. */
export const expirySecondsMax = 365 * 24 * 60 * 60;

/** All the bitcoin there will be. */
const amountMsatMax = 21_000_000n * 100_000_000n * 1_000n;

/**
 * Blocks that must be left when a payment for a hold invoice arrives. Much more than for others, because a busy
 * devnet mines a block every two seconds only to tell the time.
 */
const holdCltvBlocks = 720;

/** How long a claim may take. Nothing leaves the process for it, so it takes milliseconds. */
const claimMsMax = 10_000;

/** The receiving half of a node: makes invoices and decides what arrives. */
export class Receiver {
  readonly #core: NodeCore;
  readonly #book: InvoiceBook;
  readonly #now: () => number;

  constructor(core: NodeCore, book: InvoiceBook, now: () => number) {
    this.#core = core;
    this.#book = book;
    this.#now = now;
  }

  async createInvoice(request: InvoiceRequest, holdHash?: string): Promise<CreatedInvoice> {
    checkRequest(request);
    const some = holdHash !== undefined;
    const hash = some ? ldk.Option_ThirtyTwoBytesZ.constructor_some(Buffer.from(holdHash, 'hex')) : NO_HASH();
    const cltv = some ? ldk.Option_u16Z.constructor_some(holdCltvBlocks) : ldk.Option_u16Z.constructor_none();
    const description = ldk.Description.constructor_new(request.description);
    if (!(description instanceof ldk.Result_DescriptionCreationErrorZ_OK)) {
      throw new NodeError('node_refused', 'The node refused the invoice description.');
    }
    const made = this.#core.parts.manager.create_bolt11_invoice(
      ldk.Option_u64Z.constructor_some(request.amountMsat),
      ldk.Bolt11InvoiceDescription.constructor_direct(description.res),
      ldk.Option_u32Z.constructor_some(request.expirySeconds),
      cltv,
      hash,
    );
    if (!(made instanceof ldk.Result_Bolt11InvoiceSignOrCreationErrorZ_OK)) {
      throw new NodeError('node_refused', 'The node could not make the invoice.');
    }
    const invoice = made.res.to_str();
    if (!invoice.startsWith('lnbcrt'))
      throw new NodeError('node_misbehaved', 'The invoice is not for regtest.');
    const paymentHash = Buffer.from(made.res.payment_hash()).toString('hex');
    this.#book.add({
      paymentHash,
      amountMsat: request.amountMsat,
      expiresAt: Number(made.res.duration_since_epoch()) + request.expirySeconds,
      hold: some,
      status: 'open',
      receivedMsat: 0n,
      settledMs: 0,
      deadlineHeight: 0,
    });
    await this.#core.committed();
    return { invoice, paymentHash };
  }

  lookup(paymentHash: string): InvoiceState | undefined {
    const record = this.#book.get(paymentHash);
    if (record === undefined) return undefined;
    const { status, receivedMsat, settledMs } = record;
    if (status === 'settled') return { status, receivedMsat, settledMs };
    if (status === 'claiming') return { status: record.hold ? 'held' : 'open' };
    return { status };
  }

  /** One page of what has settled. Rejects a period that is none. */
  settled(request: SettledPageRequest): SettledPage {
    const { fromMs, untilMs } = request;
    if (!Number.isSafeInteger(fromMs) || !Number.isSafeInteger(untilMs)) {
      throw new NodeError('node_refused', 'A period is given in whole milliseconds since the epoch.');
    }
    return this.#book.settled(request);
  }

  /** Cancels an invoice; a held payment goes back to the payer. */
  async cancel(paymentHash: string): Promise<void> {
    const record = this.#known(paymentHash);
    if (record.status === 'settled' || record.status === 'claiming') {
      throw new NodeError('node_refused', 'The invoice is settled: it can no longer be cancelled.');
    }
    if (record.status === 'cancelled') return;
    if (record.status === 'held') this.#failBack(paymentHash);
    this.#book.update(record, { status: 'cancelled' });
    await this.#core.committed();
  }

  /** Takes a held payment. Idempotent. */
  async settle(paymentHash: string, preimage: Uint8Array): Promise<void> {
    const record = this.#known(paymentHash);
    if (record.status === 'held') this.#claim(record, preimage);
    else if (record.status === 'open')
      throw new NodeError('node_refused', 'No payment is held for this invoice yet.');
    else if (record.status === 'cancelled') throw new NodeError('node_refused', 'The payment has gone back.');
    this.#core.kick();
    const claimed = await this.#core.activity.until(() => record.status !== 'claiming', claimMsMax);
    if (!claimed)
      throw new NodeError('node_misbehaved', 'The node did not confirm that it took the payment.');
    await this.#core.committed();
  }

  onClaimable(event: ldk.Event_PaymentClaimable): void {
    const paymentHash = Buffer.from(event.payment_hash).toString('hex');
    const record = this.#book.get(paymentHash);
    // Single use and expiry are ours to enforce: LDK would take a second payment, and a late one for two hours.
    const expired = record !== undefined && this.#now() >= record.expiresAt * 1000;
    if (record === undefined || record.status !== 'open' || expired) {
      // While a first payment is held, failing back by hash would return both; the first one waits on.
      if (record?.status !== 'held') this.#failBack(paymentHash);
      return;
    }
    this.#book.update(record, { receivedMsat: event.amount_msat });
    if (record.hold) {
      const deadline = event.claim_deadline;
      const deadlineHeight = deadline instanceof ldk.Option_u32Z_Some ? deadline.some : 0;
      this.#book.update(record, { status: 'held', deadlineHeight });
      return;
    }
    const { purpose } = event;
    const preimage =
      purpose instanceof ldk.PaymentPurpose_Bolt11InvoicePayment ? purpose.payment_preimage : undefined;
    if (preimage instanceof ldk.Option_ThirtyTwoBytesZ_Some) this.#claim(record, preimage.some);
    else this.#failBack(paymentHash);
  }

  onClaimed(event: ldk.Event_PaymentClaimed): void {
    const record = this.#book.get(Buffer.from(event.payment_hash).toString('hex'));
    if (record === undefined) return;
    this.#book.update(record, { status: 'settled', receivedMsat: event.amount_msat, settledMs: this.#now() });
  }

  /** LDK gave a held payment back by itself: its deadline in blocks has come. */
  onHandlingFailed(event: ldk.Event_HTLCHandlingFailed): void {
    const destination = event.failed_next_destination;
    if (!(destination instanceof ldk.HTLCDestination_FailedPayment)) return;
    const record = this.#book.get(Buffer.from(destination.payment_hash).toString('hex'));
    // Before the deadline it was a second payment that LDK refused while the first one is held.
    if (record?.status !== 'held' || this.#core.chain.height < record.deadlineHeight) return;
    this.#book.update(record, { status: 'cancelled' });
  }

  #claim(record: InvoiceRecord, preimage: Uint8Array): void {
    this.#book.update(record, { status: 'claiming' });
    this.#core.parts.manager.claim_funds(preimage);
  }

  #failBack(paymentHash: string): void {
    this.#core.parts.manager.fail_htlc_backwards(Buffer.from(paymentHash, 'hex'));
  }

  #known(paymentHash: string): InvoiceRecord {
    const record = this.#book.get(paymentHash);
    if (record === undefined)
      throw new NodeError('node_refused', 'The node knows no invoice with that hash.');
    return record;
  }
}

const NO_HASH = () => ldk.Option_ThirtyTwoBytesZ.constructor_none();

function checkRequest(request: InvoiceRequest): void {
  const { amountMsat, expirySeconds, description } = request;
  if (amountMsat < 1n || amountMsat > amountMsatMax) {
    throw new NodeError('node_refused', 'An invoice needs an amount of at least one millisatoshi.');
  }
  if (!Number.isInteger(expirySeconds) || expirySeconds < 1 || expirySeconds > expirySecondsMax) {
    throw new NodeError('node_refused', 'An invoice lives a whole number of seconds, from one to a year.');
  }
  if (Buffer.byteLength(description) > descriptionBytesMax) {
    throw new NodeError('node_refused', `A description is at most ${descriptionBytesMax} bytes.`);
  }
}
