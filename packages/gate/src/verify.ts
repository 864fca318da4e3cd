import {
  bindingInput,
  type Challenge,
  type Credential,
  decodeRequest,
  type ProblemKind,
  parseCredential,
  parseTimestamp,
  type SellerMethod,
  type Settlement,
  type VerifiedChallenge,
} from '@farebox/protocol';
import type { Keyring } from '@farebox/protocol/binding';
import { type Binding, findMethod } from './challenges.js';
import type { RefusalReason } from './events.js';
import { describeDifference, type Resource, readResource } from './resource.js';
import type { Terms } from './terms.js';

/** A credential that is ours, meant for this request, and proves a payment. */
export interface Proven {
  readonly ok: true;
  readonly challenge: Challenge;
  readonly settlement: Settlement;
  /** When the challenge expires, milliseconds since the epoch. */
  readonly expiresMs: number;
  /** The challenge's life is over: only what is owed, or was paid in time, may still be given for it. */
  readonly late: boolean;
}

/** Why not, in a form that becomes a problem. */
export interface Refused {
  readonly ok: false;
  readonly reason: RefusalReason;
  readonly kind: ProblemKind;
  /** The method's own problem type, where it defines one. */
  readonly type?: string | undefined;
  readonly detail?: string | undefined;
  /** The method's own name for the reason. */
  readonly code?: string | undefined;
  /** The challenge id of a genuine credential that was issued for another request. */
  readonly issuedId?: string;
}

/** What verifying needs, given once. */
export interface VerifierOptions {
  readonly realm: string;
  readonly keyring: Keyring;
  readonly methods: readonly SellerMethod[];
  readonly now: () => number;
}

/** A credential that is ours and meant for this request. Whether it proves a payment is not known yet. */
export interface Bound {
  readonly ok: true;
  readonly seller: SellerMethod;
  readonly credential: Credential;
  readonly challenge: VerifiedChallenge;
  /** When the challenge expires, milliseconds since the epoch. */
  readonly expiresMs: number;
}

/**
 * How long after its end a challenge may still be shown to have been paid in time, where the payment method can tell.
 * Claims are kept for longer, so that nobody can use a forgotten one again.
 */
export const settledLateMsMax = 7 * 24 * 3_600_000;

/**
 * Reads one credential, cheapest check first: parse, HMAC, bound to this request, offer. Then {@link proveCredential}
 * judges what it proves. Refusals are values; nothing is thrown and nothing is consumed.
 */
export function readCredential(
  options: VerifierOptions,
  credentialText: string,
  resource: Resource,
  binding: Binding,
  terms: Terms,
): Bound | Refused {
  const parsed = parseCredential(credentialText);
  if (!parsed.ok) return { ok: false, reason: 'malformed', kind: 'malformed-credential' };
  const credential = parsed.value;
  const echo = credential.challenge;

  const seller = findMethod(options.methods, echo);
  if (seller === undefined) return { ok: false, reason: 'method-unsupported', kind: 'method-unsupported' };
  const unbound = bindingFault(options, echo, resource, binding, seller);
  if (unbound !== undefined) return unbound;

  const offered = terms.offers.some((o) => o.method === echo.method && o.intent === echo.intent);
  if (!offered) {
    return refusal(
      'offer-gone',
      'invalid-challenge',
      'This resource is no longer sold in that payment method.',
    );
  }
  const requestObject = decodeRequest(echo.request);
  const expiresMs = echo.expires === undefined ? undefined : parseTimestamp(echo.expires);
  if (requestObject === undefined || expiresMs === undefined) {
    // We signed it, so it was well formed. Not a client's fault, and not a reason to serve.
    return refusal('unknown-challenge', 'invalid-challenge');
  }
  return { ok: true, seller, credential, challenge: Object.assign(echo, { requestObject }), expiresMs };
}

/**
 * The id is recomputed with the `opaque` and `digest` that this very request would have been given, because deployed
 * clients do not echo them. Only if that fails is the echo looked at, and only as far as the HMAC covers it, to say
 * what the credential was really issued for.
 */
function bindingFault(
  options: VerifierOptions,
  echo: Challenge,
  resource: Resource,
  binding: Binding,
  seller: SellerMethod,
): Refused | undefined {
  const { realm, keyring } = options;
  // Written out, not spread: this stands on the path of every paid request.
  const ours = {
    realm,
    method: echo.method,
    intent: echo.intent,
    request: echo.request,
    expires: echo.expires ?? '',
    digest: binding.digest ?? '',
    opaque: binding.opaque,
  };
  if (keyring.verify(bindingInput(ours), echo.id)) {
    // Genuine and bound. An echo that contradicts it is still refused (lightning draft, verification step 4).
    const faithful =
      echo.realm === realm &&
      (echo.opaque === undefined || echo.opaque === binding.opaque) &&
      (echo.digest === undefined || echo.digest === binding.digest);
    return faithful
      ? undefined
      : unknownChallenge(seller, 'The credential does not echo the challenge exactly.');
  }
  if (!keyring.verify(bindingInput({ ...echo, realm }), echo.id)) return unknownChallenge(seller);
  const issued = echo.opaque === undefined ? undefined : readResource(echo.opaque);
  if (issued === undefined) return unknownChallenge(seller);
  if (echo.opaque !== binding.opaque) {
    return {
      ok: false,
      reason: 'other-resource',
      kind: 'invalid-credential',
      detail: `Credential was issued for ${describeDifference(issued, resource)}`,
      issuedId: echo.id,
    };
  }
  return {
    ...refusal(
      'other-body',
      'invalid-challenge',
      'The body differs from the one the challenge was issued for. Send the same bytes; the payment is not used up.',
    ),
    issuedId: echo.id,
  };
}

function unknownChallenge(seller: SellerMethod, detail?: string): Refused {
  return {
    ok: false,
    reason: 'unknown-challenge',
    kind: 'invalid-challenge',
    type: seller.problems?.unknown,
    detail,
  };
}

function refusal(reason: RefusalReason, kind: ProblemKind, detail?: string): Refused {
  return { ok: false, reason, kind, detail };
}

/**
 * Judges what a credential proves, by its payment method. Rejects with `MethodUnavailable` when the method cannot tell.
 * A late one may redeem a credit, so its proof is judged as of the challenge's life; that it is late is told to the caller,
 * who refuses it unless the ledger knows it.
 */
export function proveCredential(
  { now }: Pick<VerifierOptions, 'now'>,
  { seller, credential, challenge, expiresMs }: Bound,
): Proven | Refused | Promise<Proven | Refused> {
  const nowMs = now();
  const over = nowMs >= expiresMs;
  const { payload, source } = credential;
  const judgedMs = over ? expiresMs - 1 : nowMs;
  const context = source === undefined ? { nowMs: judgedMs } : { nowMs: judgedMs, source };
  const verification = seller.verify(challenge, payload, context);
  const saysInTime = seller.settlesOnVerify === true && seller.settledMs === undefined;
  const late = over && !(saysInTime && nowMs - expiresMs < settledLateMsMax);
  const conclude = (result: Awaited<typeof verification>): Proven | Refused => {
    if (result.ok) return { ok: true, challenge, settlement: result.settlement, expiresMs, late };
    const { reason, detail, code } = result.refusal;
    if (reason === 'expired') return { ...expired(seller, detail), code };
    if (reason === 'malformed') {
      return {
        ok: false,
        reason: 'malformed',
        kind: 'malformed-credential',
        type: seller.problems?.malformed,
        detail,
        code,
      };
    }
    const kind = reason === 'insufficient' ? 'payment-insufficient' : 'verification-failed';
    const type = reason === 'insufficient' ? undefined : seller.problems?.invalidProof;
    return { ok: false, reason: 'invalid-proof', kind, type, detail, code };
  };
  return verification instanceof Promise ? verification.then(conclude) : conclude(verification);
}

/** The refusal of a credential whose challenge has expired. */
function expired(seller: SellerMethod | undefined, detail?: string): Refused {
  return { ok: false, reason: 'expired', kind: 'payment-expired', type: seller?.problems?.expired, detail };
}

/** What is told to whoever has paid after the end. */
export const paidLateDetail =
  'This payment was made after its challenge had ended, and buys nothing. Its money is with the seller: ask the seller to pay it back.';

/** The refusal of what comes after its challenge's end; `paid-late`: and was paid after it. */
export function tooLate(when: 'late' | 'paid-late', seller: SellerMethod | undefined): Refused {
  if (when === 'late') return expired(seller);
  return { ...expired(seller, paidLateDetail), reason: when, code: when };
}

/** The refusal of a credential that has bought its answer already. */
export function used(seller: SellerMethod | undefined): Refused {
  return {
    ok: false,
    reason: 'used',
    kind: 'invalid-challenge',
    type: seller?.problems?.unknown,
    detail: 'This credential has been used. Pay the new challenge for another answer.',
  };
}
