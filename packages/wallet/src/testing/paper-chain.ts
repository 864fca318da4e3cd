import {
  type Amount,
  type BuyerMethod,
  type Challenge,
  decodeRequest,
  encodeRequest,
  type InspectionResult,
  type JsonObject,
  type KnownPayment,
  type PayeeShare,
  type PayOutcome,
} from '@farebox/protocol';
import type { WalletMethod } from '../methods.js';
import type { Money } from '../policy/money.js';

/** Its money, for policies: `5 cent`. */
export const cents: Money = {
  tokens: [],
  parse(text) {
    const [, amount] = /^([0-9]+) cent$/.exec(text) ?? [];
    return amount === undefined ? undefined : { amount: BigInt(amount), currency: 'cent' };
  },
};

/** What became of something signed. */
type Fate = 'open' | 'carried-out' | 'never' | 'taken-back';

/**
 * A chain on paper, and a method that signs for it: a signature costs nothing, and whoever is shown it can have it
 * carried out, once, while it is valid. What the chain says is up to the test, by telling each signature's fate.
 */
export class PaperChain implements WalletMethod {
  readonly method = 'paper';
  readonly intent = 'charge';
  readonly settlesOnPresentation = true;
  /** Every signature, in order, and what became of it. */
  readonly fates = new Map<string, Fate>();
  /** What `resume` was told, in order. */
  readonly asked: (KnownPayment | undefined)[] = [];
  funds: Amount | undefined;
  /** Everybody whom a challenge pays, where it is not the merchant alone. */
  payees: readonly PayeeShare[] = [];
  /** While true, nobody can be asked. */
  down = false;
  /** Happens when it is asked, or told to sign, and before it answers. */
  meanwhile: ((step: 'pay' | 'resume') => void) | undefined;
  #next = 0;

  /** A challenge for so many cents. */
  challenge(amount: bigint, realm: string): Challenge {
    this.#next += 1;
    return {
      id: `paper-${process.pid}-${Math.random().toString(36).slice(2)}-${this.#next}`,
      realm,
      method: this.method,
      intent: this.intent,
      request: encodeRequest({ amount: String(amount), currency: 'cent' }),
      expires: new Date(Date.now() + 60_000).toISOString(),
    };
  }

  /** Carries a payload out, as a seller can who was shown it. Once: false when it was carried out before. */
  carryOut(payload: JsonObject): boolean {
    const signature = String(payload.signature);
    if (this.fates.get(signature) !== 'open') return false;
    this.fates.set(signature, 'carried-out');
    return true;
  }

  /** Carries a payload out and takes the payment back, as a chain does with what it refuses: only the fee is gone. */
  takeBack(payload: JsonObject): void {
    this.fates.set(String(payload.signature), 'taken-back');
  }

  /** From now on, nothing that is open can be carried out any more. */
  expire(): void {
    for (const [signature, fate] of this.fates) if (fate === 'open') this.fates.set(signature, 'never');
  }

  /** How often money has moved. */
  get payments(): number {
    return [...this.fates.values()].filter((fate) => fate === 'carried-out').length;
  }

  balance(): Promise<Amount | undefined> {
    return this.down ? Promise.reject(new Error('down')) : Promise.resolve(this.funds);
  }

  inspect(challenge: Challenge, context: Parameters<BuyerMethod['inspect']>[1]): InspectionResult {
    const amount = decodeRequest(challenge.request)?.amount;
    const expiresMs = Date.parse(challenge.expires ?? '');
    if (typeof amount !== 'string') return { ok: false, code: 'malformed', detail: 'It has no amount.' };
    if (expiresMs <= context.nowMs) return { ok: false, code: 'expired', detail: 'It has expired.' };
    const price = { amount: BigInt(amount), currency: 'cent' };
    return {
      ok: true,
      inspection: {
        price,
        payee: this.payees[0]?.payee ?? 'a merchant',
        payees: this.payees,
        reference: `memo-${challenge.id}`,
        network: 'paper',
        expiresMs,
      },
    };
  }

  async pay(challenge: Challenge): Promise<PayOutcome> {
    this.meanwhile?.('pay');
    const signature = `signed-${challenge.id}-${this.fates.size}`;
    this.fates.set(signature, 'open');
    return this.#paid(challenge, { signature }, 7n);
  }

  async resume(challenge: Challenge, known?: KnownPayment): Promise<PayOutcome> {
    this.meanwhile?.('resume');
    this.asked.push(known);
    if (this.down) return { kind: 'unknown', detail: 'the chain cannot be asked' };
    if (known?.presented === false)
      return { kind: 'not-paid', code: 'never_presented', detail: 'It was never shown to anybody' };
    const fate = this.fates.get(String(known?.payload?.signature));
    if (fate === 'carried-out') return this.#paid(challenge, known?.payload ?? {}, 3n);
    if (fate === 'never')
      return { kind: 'not-paid', code: 'never_included', detail: 'It is on no page, and never will be' };
    if (fate === 'taken-back') {
      const fee = { amount: 3n, currency: 'cent' };
      return { kind: 'not-paid', code: 'reverted', detail: 'It was taken back', fee };
    }
    return { kind: 'unknown', detail: 'it may be carried out until noon' };
  }

  /** The fee is 7 cents at worst, and 3 in the end. */
  #paid(challenge: Challenge, payload: JsonObject, fee: bigint): PayOutcome {
    const amount = decodeRequest(challenge.request)?.amount;
    return {
      kind: 'paid',
      payload,
      reference: `hash-of-${String(payload.signature)}`,
      paid: { amount: BigInt(String(amount)), currency: 'cent' },
      fee: { amount: fee, currency: 'cent' },
    };
  }
}
