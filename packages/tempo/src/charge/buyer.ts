import type {
  Amount,
  BuyerMethod,
  Challenge,
  InspectionResult,
  JsonObject,
  KnownPayment,
  PayLimits,
  PayOutcome,
} from '@farebox/protocol';
import { keccak256 } from 'viem';
import type { TempoAccount } from '../accounts/account.js';
import type { ProvisioningLease } from '../accounts/provisioning-lease.js';
import { readSnapshot } from '../accounts/snapshot.js';
import type { TempoChain } from '../chain/chain.js';
import type { Address, Hex } from '../chain/hex.js';
import { feeUnits } from './buyer-find.js';
import { checkPayLimits } from './buyer-limits.js';
import { describe, notPaid, reverted, unknown } from './buyer-outcomes.js';
import { payloads } from './buyer-payload.js';
import { checkProofSigner } from './buyer-plan.js';
import { preparePayment } from './buyer-prepare.js';
import { resumePayment } from './buyer-resume.js';
import { readSpendable } from './buyer-spendable.js';
import { type ChargeRules, type InspectedCharge, inspectTempoCharge } from './inspect.js';
import { proofTypedData } from './proof-message.js';
import { payerSource } from './source.js';

/** What a buyer's `tempo` charge needs. */
export interface TempoBuyerOptions {
  /** Who pays: {@link ownAccount} or {@link accessKeyAccount}. */
  readonly account: TempoAccount;
  readonly chain: TempoChain;
  /** The only chain that is paid on. The node must be on it, and so must every challenge. */
  readonly chainId: number;
  /** The only tokens that are paid with. */
  readonly currencies: readonly Address[];
  /** The only ones who are paid, splits included; everybody when left out. */
  readonly recipients?: readonly Address[];
  /** The token that fees are paid in; the token of the charge when left out. */
  readonly feeToken?: Address;
  /** Broadcasts by itself where the seller does not. Default false: then a seller who does not is refused. */
  readonly push?: boolean;
  /** For an access key whose permission the first payment carries: shared by all processes that use the key. */
  readonly lease?: ProvisioningLease;
  /** Goes into the memo, for the seller's statistics. Anonymous when left out. */
  readonly clientName?: string;
  /** Now, milliseconds since the epoch; `Date.now` when left out. */
  readonly now?: () => number;
}

/** The `tempo` charge, for buyers. */
export interface TempoBuyer extends BuyerMethod {
  readonly method: 'tempo';
  readonly intent: 'charge';
  readonly settlesOnPresentation: true;
  /**
   * What the account holds of a token, or what its access key may still spend of it where that is less; undefined when
   * it is not a token that is paid with, or the key may sign nothing. Rejects when the node cannot be asked.
   */
  balance(currency: string): Promise<Amount | undefined>;
  /**
   * Finds out what became of an earlier `pay`. Never pays, never signs a transaction. Without `known` it is found by
   * the challenge alone, and an outcome takes until the challenge has expired to be certain.
   */
  resume(challenge: Challenge, known?: KnownPayment): Promise<PayOutcome>;
}

/** What this process has done about a challenge that has not expired. */
export interface Signed {
  readonly expiresMs: number;
  /** Undefined while it is being made. */
  readonly payload?: JsonObject;
}

class TempoChargeBuyer implements TempoBuyer {
  readonly method = 'tempo';
  readonly intent = 'charge';
  /** Also in push mode and for a proof: the chain is asked then too, and tells that there is nothing open. */
  readonly settlesOnPresentation = true;
  readonly #options: TempoBuyerOptions;
  readonly #rules: ChargeRules;
  readonly #now: () => number;
  /**
   * By challenge id: what was signed here. Two transactions for one challenge could both be mined, so a second one is
   * not signed before it is certain that the first never will be.
   */
  readonly #signed = new Map<string, Signed>();

  constructor(options: TempoBuyerOptions) {
    const { chainId, currencies, recipients, push = false, clientName } = options;
    this.#options = options;
    this.#rules = { chainId, currencies, recipients, push, clientName };
    this.#now = options.now ?? Date.now;
  }

  inspect(challenge: Challenge, context: { readonly nowMs: number }): InspectionResult {
    const inspected = inspectTempoCharge(challenge, this.#rules, context.nowMs);
    return inspected.ok ? { ok: true, inspection: inspected.value.inspection } : inspected;
  }

  balance(currency: string): Promise<Amount | undefined> {
    return readSpendable(this.#options, currency);
  }

  async pay(challenge: Challenge, limits: PayLimits): Promise<PayOutcome> {
    // Inspected again, in this call: what is signed is what was checked, whatever the caller has seen before.
    const inspected = inspectTempoCharge(challenge, this.#rules, this.#now());
    if (!inspected.ok) return notPaid(inspected.code, inspected.detail);
    const charge = inspected.value;
    const allowed = checkPayLimits(limits, charge.inspection, this.#now());
    if (!allowed.ok) return notPaid(allowed.code, allowed.detail);
    if (charge.inspection.mode === 'proof') return this.#prove(challenge, charge);
    this.#forgetExpired();
    if (this.#signed.has(challenge.id)) {
      return unknown(
        'A payment for this challenge has been signed already; resume it instead of paying again',
      );
    }
    // No await stands between the question above and this line: a second call cannot slip in.
    this.#signed.set(challenge.id, { expiresMs: charge.inspection.expiresMs });
    const outcome = await this.#payOnce(challenge, charge, limits);
    if (outcome.kind === 'not-paid') this.#signed.delete(challenge.id);
    return outcome;
  }

  async resume(challenge: Challenge, known: KnownPayment = {}): Promise<PayOutcome> {
    const here = this.#signed.get(challenge.id);
    if (here !== undefined && here.payload === undefined)
      return unknown('The payment is being made right now');
    const outcome = await resumePayment(this.#options, challenge, {
      ...(here?.payload && { payload: here.payload }),
      ...known,
    });
    if (outcome.kind === 'not-paid') this.#signed.delete(challenge.id);
    return outcome;
  }

  /** Everything that must be asked, then the signature, then, only in push mode, the broadcast. */
  async #payOnce(challenge: Challenge, charge: InspectedCharge, limits: PayLimits): Promise<PayOutcome> {
    const { account, feeToken = charge.token } = this.#options;
    const context = { account, charge, feeToken, maxFee: limits.maxFee };
    const prepared = await preparePayment(this.#options, context, limits.deadlineMs, this.#now);
    if (!prepared.ok) return notPaid(prepared.code, prepared.detail);
    // The questions took time: the limits are held against the clock once more, right before signing.
    const allowed = checkPayLimits(limits, charge.inspection, this.#now());
    if (!allowed.ok) return notPaid(allowed.code, allowed.detail);
    const { transaction, feeMax } = prepared.value;
    const { price, expiresMs, mode } = charge.inspection;
    let signed: Hex;
    try {
      signed = await account.signTransaction(transaction);
    } catch {
      return notPaid('signing_failed', 'The key could not sign the payment; nothing was sent');
    }
    if (mode === 'push') return this.#push(challenge, charge, signed, feeToken);
    const payload = payloads.transaction(signed);
    this.#signed.set(challenge.id, { expiresMs, payload });
    return {
      kind: 'paid',
      payload,
      // A sponsor's signature will change the hash.
      ...(!charge.inspection.sponsored && { reference: keccak256(signed) }),
      paid: price,
      fee: { amount: feeMax, currency: feeToken },
      source: payerSource({ chainId: charge.inspection.chainId, address: account.address }),
    };
  }

  /** Broadcasts, once. Whatever the node says but success, the chain itself is asked. */
  async #push(
    challenge: Challenge,
    charge: InspectedCharge,
    signed: Hex,
    feeToken: Address,
  ): Promise<PayOutcome> {
    const { account, chain } = this.#options;
    const { price, expiresMs, chainId } = charge.inspection;
    let refusal: string;
    try {
      const receipt = await chain.broadcast(signed);
      if (!receipt.succeeded) return reverted(feeUnits(receipt), feeToken);
      const payload = payloads.hash(receipt.transactionHash);
      this.#signed.set(challenge.id, { expiresMs, payload });
      const fee = { amount: feeUnits(receipt), currency: feeToken };
      return {
        kind: 'paid',
        payload,
        reference: receipt.transactionHash,
        paid: price,
        fee,
        source: payerSource({ chainId, address: account.address }),
      };
    } catch (error) {
      refusal = describe(error);
    }
    const outcome = await resumePayment(this.#options, challenge, { sinceMs: this.#now() });
    if (outcome.kind === 'paid') {
      this.#signed.set(challenge.id, { expiresMs, payload: outcome.payload });
      return outcome;
    }
    // The signed bytes may still be on their way. They stay valid for seconds; then resuming gives certainty.
    this.#signed.set(challenge.id, { expiresMs, payload: payloads.transaction(signed) });
    return unknown(`The node did not confirm the payment (${refusal})`);
  }

  /** Signs a proof: no transaction, no money, so no memory of it. */
  async #prove(challenge: Challenge, charge: InspectedCharge): Promise<PayOutcome> {
    const { account, chain } = this.#options;
    const { chainId, price } = charge.inspection;
    try {
      const signer = await checkProofSigner(account, chainId, (questions) => readSnapshot(chain, questions));
      if (!signer.ok) return notPaid(signer.code, signer.detail);
      const { id: challengeId, realm } = challenge;
      const data = proofTypedData({ account: account.address, chainId, challengeId, realm });
      const payload = payloads.proof(await account.signTypedData(data));
      return {
        kind: 'paid',
        payload,
        reference: challengeId,
        paid: price,
        fee: price,
        source: payerSource({ chainId, address: account.address }),
      };
    } catch (error) {
      return notPaid('node_unreachable', `The node could not be asked about the key (${describe(error)})`);
    }
  }

  #forgetExpired(): void {
    const nowMs = this.#now();
    for (const [id, { expiresMs }] of this.#signed) if (expiresMs <= nowMs) this.#signed.delete(id);
  }
}

/**
 * The `tempo` charge, for buyers (draft-tempo-charge-00). What is signed decides what is paid, never the seller's words.
 *
 * In pull mode `pay` moves no money: it signs a transaction that is valid for seconds, and the seller carries it out
 * when the credential is presented. So "paid" means that the seller can take the money now and once. Whoever has the
 * payload can do that: it is kept like money, and the same bytes are presented again after a lost answer. When they
 * have run out, `resume` says for certain whether they were used.
 *
 * `pay` adds to the codes of {@link inspectTempoCharge} those of `checkPayLimits`, `planPayment` and
 * `key_being_registered`, `lease_missing`, `lease_unavailable`, `node_unreachable`, `signing_failed`, `reverted`.
 *
 * @example
 * ```ts
 * import { httpRpc, ownAccount, tempoBuyer, tempoChain } from '@farebox/tempo';
 * export const methodFor = (privateKey: `0x${string}`) =>
 *   tempoBuyer({
 *     account: ownAccount({ privateKey }),
 *     chain: tempoChain(httpRpc({ url: 'https://rpc.tempo.xyz' })),
 *     chainId: 4217,
 *     currencies: ['0x20c0000000000000000000000000000000000000'],
 *   });
 * ```
 */
export function tempoBuyer(options: TempoBuyerOptions): TempoBuyer {
  return new TempoChargeBuyer(options);
}
