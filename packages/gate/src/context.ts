import type { Ledger } from '@farebox/ledger';
import type { SellerMethod } from '@farebox/protocol';
import { createKeyring, type Keyring } from '@farebox/protocol/binding';
import { createIssuer, type Issuer } from './challenges.js';
import { type Claimer, claimTimeoutMsDefault, createClaimer } from './claimer.js';
import type { GateEvent } from './events.js';
import { type InFlight, inFlightOf } from './in-flight.js';
import { createMintBudget, type MintBudget, type MintBudgetOptions } from './mint-budget.js';

/** Default life of a challenge. */
export const challengeLifeMsDefault = 5 * 60_000;
/** Default number of times an answer that did not leave completely is given again. */
export const redeliveriesMaxDefault = 3;
/** Default number of times the upstream is tried for one payment before it is tried no more. */
export const attemptsMaxDefault = 20;
/** Default time for which a kept answer is given again to the client that knows its `Idempotency-Key`. */
export const replayWindowMsDefault = 24 * 3_600_000;

/** What a gate is made of. */
export interface GateOptions {
  /** The protection space, e.g. `https://api.example.com`. Fixed for a deployment: every challenge id is over it. */
  readonly realm: string;
  /** HMAC secrets of at least 32 bytes, newest first. Older ones verify until their challenges expire. */
  readonly secrets: readonly string[];
  readonly methods: readonly SellerMethod[];
  readonly ledger: Ledger;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  readonly challengeLifeMs?: number;
  /**
   * Accepts a credential whose challenge has expired when the method's back end tells that the payment arrived in time
   * (`SellerMethod.settledMs`), for seven days. The lightning draft forbids it ("Invoice Expiry"), so it is off by default: then
   * whoever paid in time and came too late has paid for nothing, which `reconcile` finds. Methods that settle when they verify
   * are always asked.
   */
  readonly acceptPaidInTime?: boolean;
  /** Answers 402 instead of 403 to a genuine credential of another resource, as the core draft reads. */
  readonly strict402?: boolean;
  /** Status when no payment method can make a challenge. Default 500, as the Xverse API. */
  readonly unavailableStatus?: 500 | 503;
  readonly redeliveriesMax?: number;
  /** Most attempts of an upstream for one payment; the credit stays and is not tried again. Default 20. */
  readonly attemptsMax?: number;
  /** How long a kept answer is given again to whoever knows its `Idempotency-Key`. Default 24 hours. */
  readonly replayWindowMs?: number;
  /** How long a claim of a `once` route may take before the gate refuses. Default 5 s. */
  readonly claimTimeoutMs?: number;
  /** Adds the non-authoritative auth-param `amount` of the Xverse documents. Default true. */
  readonly amountHint?: boolean;
  /** Limits the challenges that are issued and not paid, per the request's `client` and globally. Default: none. */
  readonly mintBudget?: MintBudgetOptions;
  readonly onEvent?: (event: GateEvent) => void;
}

/** A gate's parts, put together once. */
export interface GateContext {
  readonly realm: string;
  readonly keyring: Keyring;
  readonly methods: readonly SellerMethod[];
  readonly ledger: Ledger;
  readonly claimer: Claimer;
  readonly now: () => number;
  readonly acceptPaidInTime: boolean;
  readonly strict402: boolean;
  readonly unavailableStatus: 500 | 503;
  readonly redeliveriesMax: number;
  readonly attemptsMax: number;
  readonly replayWindowMs: number;
  readonly issuer: Issuer;
  readonly mintBudget: MintBudget | undefined;
  readonly inFlight: InFlight;
  readonly onEvent: (event: GateEvent) => void;
}

/** Puts a gate's parts together. Throws a TypeError for a secret that is too short or a realm that is empty. */
export function createContext(options: GateOptions): GateContext {
  if (options.realm === '')
    throw new TypeError('The realm is empty; name the protection space, e.g. the API origin.');
  const { realm, methods, ledger } = options;
  const now = options.now ?? Date.now;
  const onEvent = heard(options.onEvent);
  const inFlight = inFlightOf(ledger);
  const unavailableStatus = options.unavailableStatus ?? 500;
  const keyring = createKeyring(options.secrets);
  const mintBudget = options.mintBudget === undefined ? undefined : createMintBudget(options.mintBudget);
  const issuer = createIssuer({
    realm,
    mintBudget,
    keyring,
    methods,
    now,
    onEvent,
    challengeLifeMs: options.challengeLifeMs ?? challengeLifeMsDefault,
    amountHint: options.amountHint ?? true,
    unavailableStatus,
  });
  return {
    realm,
    keyring,
    methods,
    ledger,
    claimer: createClaimer(ledger, inFlight.owed, now, options.claimTimeoutMs ?? claimTimeoutMsDefault),
    now,
    issuer,
    mintBudget,
    onEvent,
    acceptPaidInTime: options.acceptPaidInTime ?? false,
    strict402: options.strict402 ?? false,
    unavailableStatus,
    redeliveriesMax: options.redeliveriesMax ?? redeliveriesMaxDefault,
    attemptsMax: options.attemptsMax ?? attemptsMaxDefault,
    replayWindowMs: options.replayWindowMs ?? replayWindowMsDefault,
    inFlight,
  };
}

/** Whoever listens must not come between a payment and its answer: what they throw is a warning of the process. */
function heard(listener: GateOptions['onEvent']): (event: GateEvent) => void {
  if (listener === undefined) return () => {};
  return (event) => {
    try {
      listener(event);
    } catch (error) {
      process.emitWarning(
        error instanceof Error ? error : new Error('A listener of the gate threw what is no error.'),
      );
    }
  };
}
