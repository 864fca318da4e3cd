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
import { describeDifference, type Resource, readResource, sameResource } from './resource.js';
import type { Terms } from './terms.js';

/** A credential that is ours, meant for this request, and proves a payment. */
export interface Proven {
  readonly ok: true;
  readonly challenge: Challenge;
  readonly settlement: Settlement;
  /** When the challenge expires, milliseconds since the epoch. */
  readonly expiresMs: number;
  /** The challenge's life is over: only a credit, or an answer that got lost, may still be given for it. */
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
}

/** What verifying needs, given once. */
export interface VerifierOptions {
  readonly realm: string;
  readonly keyring: Keyring;
  readonly methods: readonly SellerMethod[];
  readonly now: () => number;
}

/**
 * Verifies one credential, cheapest check first: parse, HMAC, bound to this request, offer, expiry, proof.
 * Refusals are values; nothing is thrown and nothing is consumed.
 */
export function verifyCredential(
  options: VerifierOptions,
  credentialText: string,
  resource: Resource,
  binding: Binding,
  terms: Terms,
): Proven | Refused | Promise<Proven | Refused> {
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
  return verifyProof(options, seller, credential, Object.assign(echo, { requestObject }), expiresMs);
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
  if (!sameResource(issued, resource)) {
    return {
      ok: false,
      reason: 'other-resource',
      kind: 'invalid-credential',
      detail: `Credential was issued for ${describeDifference(issued, resource)}`,
    };
  }
  return refusal(
    'other-body',
    'invalid-challenge',
    'The body differs from the one the challenge was issued for. Send the same bytes; the payment is not used up.',
  );
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

function verifyProof(
  options: VerifierOptions,
  seller: SellerMethod,
  credential: Credential,
  challenge: VerifiedChallenge,
  expiresMs: number,
): Proven | Refused | Promise<Proven | Refused> {
  const nowMs = options.now();
  const late = nowMs >= expiresMs;
  // A late credential may redeem a credit, so its proof is judged as of the challenge's life; that it is late is
  // told to the caller, who refuses it unless the ledger knows it.
  const verification = seller.verify(challenge, credential.payload, { nowMs: late ? expiresMs - 1 : nowMs });
  const conclude = (result: Awaited<typeof verification>): Proven | Refused => {
    if (result.ok) return { ok: true, challenge, settlement: result.settlement, expiresMs, late };
    const { reason, detail } = result.refusal;
    if (reason === 'expired') return expired(seller, detail);
    if (reason === 'malformed') {
      return {
        ok: false,
        reason: 'malformed',
        kind: 'malformed-credential',
        type: seller.problems?.malformed,
        detail,
      };
    }
    const kind = reason === 'insufficient' ? 'payment-insufficient' : 'verification-failed';
    const type = reason === 'insufficient' ? undefined : seller.problems?.invalidProof;
    return { ok: false, reason: 'invalid-proof', kind, type, detail };
  };
  return verification instanceof Promise ? verification.then(conclude) : conclude(verification);
}

/** The refusal of a credential whose challenge has expired. */
export function expired(seller: SellerMethod | undefined, detail?: string): Refused {
  return { ok: false, reason: 'expired', kind: 'payment-expired', type: seller?.problems?.expired, detail };
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
