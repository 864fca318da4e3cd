import { setTimeout as pause } from 'node:timers/promises';
import { decodeInvoice, type PaymentState } from '@farebox/lightning';
import type { JsonObject, JsonValue } from '@farebox/protocol';
import type { Backing } from './backing.js';
import type { FacadeReply } from './facade.js';

/** The errors of gRPC as the REST gateway writes them: bare for unary calls, within `error` for streams. */
export class Refusal extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

/** Codes of gRPC. */
export const unknownCode = 2;
export const notFoundCode = 5;
export const alreadyExistsCode = 6;
/** LND's payments: one for each hash, remembered when they fail, and a stream that lasts until their end. */
export class Payments {
  readonly #wallet: Backing['wallet'];
  readonly #known = new Map<string, PaymentState>();

  constructor(wallet: Backing['wallet']) {
    this.#wallet = wallet;
  }

  async send(body: JsonObject, gone: AbortSignal): Promise<FacadeReply> {
    const invoice = String(body.payment_request);
    const decoded = decodeInvoice(invoice);
    if (!decoded.ok) throw new Refusal(unknownCode, decoded.detail);
    const { paymentHash, network, timestamp, expirySeconds } = decoded.value;
    if (network !== 'regtest')
      throw new Refusal(unknownCode, "invoice not for current active network 'regtest'");
    if (Date.now() > (timestamp + expirySeconds) * 1_000)
      throw new Refusal(unknownCode, 'invoice expired. Valid until then');
    const status = this.#known.get(paymentHash)?.status;
    if (status === 'succeeded') throw new Refusal(alreadyExistsCode, 'invoice is already paid');
    if (status === 'in-flight') throw new Refusal(alreadyExistsCode, 'payment is in transition');
    this.#known.set(paymentHash, { status: 'in-flight' });
    const maxFeeMsat = BigInt(String(body.fee_limit_msat ?? '0'));
    const timeoutMs = Number(body.timeout_seconds ?? 60) * 1_000;
    this.#pay(paymentHash, { invoice, maxFeeMsat, timeoutMs });
    return { lines: this.#updates(paymentHash, body.no_inflight_updates === true, gone) };
  }

  track(paymentHash: string, gone: AbortSignal): FacadeReply {
    if (!this.#known.has(paymentHash)) throw new Refusal(notFoundCode, "payment isn't initiated");
    return { lines: this.#updates(paymentHash, false, gone) };
  }

  /** Until its end, whoever listens. */
  async #pay(paymentHash: string, request: Parameters<Backing['wallet']['payInvoice']>[0]): Promise<void> {
    let state = await this.#wallet
      .payInvoice(request)
      .catch((error: unknown): PaymentState => ({ status: 'failed', reason: String(error) }));
    while (state.status === 'in-flight') {
      await pause(20);
      state = await this.#wallet
        .trackPayment(paymentHash)
        .catch((): PaymentState => ({ status: 'failed', reason: 'closed' }));
    }
    this.#known.set(paymentHash, state);
  }

  async *#updates(paymentHash: string, quiet: boolean, gone: AbortSignal): AsyncGenerator<JsonValue> {
    let told = quiet;
    while (!gone.aborted) {
      const state = this.#known.get(paymentHash) ?? { status: 'absent' };
      if (state.status !== 'in-flight') {
        yield { result: paymentView(paymentHash, state) };
        return;
      }
      if (!told) yield { result: paymentView(paymentHash, state) };
      told = true;
      await pause(5);
    }
  }
}

function paymentView(paymentHash: string, state: PaymentState): JsonObject {
  const common = { payment_hash: paymentHash, payment_preimage: '00'.repeat(32), fee_msat: '0' };
  if (state.status === 'succeeded') {
    return {
      ...common,
      status: 'SUCCEEDED',
      payment_preimage: state.preimage,
      fee_msat: String(state.feeMsat),
      failure_reason: 'FAILURE_REASON_NONE',
    };
  }
  if (state.status !== 'failed')
    return { ...common, status: 'IN_FLIGHT', failure_reason: 'FAILURE_REASON_NONE' };
  const rejected = state.reason.includes('rejected');
  const reason = rejected ? 'FAILURE_REASON_INCORRECT_PAYMENT_DETAILS' : 'FAILURE_REASON_NO_ROUTE';
  return { ...common, status: 'FAILED', failure_reason: reason };
}
