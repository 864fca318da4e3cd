import type { GateRequest } from '@farebox/gate';
import {
  bindingInput,
  type Challenge,
  decodeRequest,
  encodeBase64url,
  encodeRequest,
  serializeCredential,
} from '@farebox/protocol';
import { bodyDigest, createKeyring } from '@farebox/protocol/binding';
import { sha256 } from './node.js';
import { type Purchase, requestOf } from './shop.js';

/** How an honest client presents: everything echoed, or only what deployed clients echo. */
export const honestWays = ['whole echo', 'short echo'] as const;
/** What a dishonest one tries. None may ever be admitted. */
export const tricks = [
  'wrong preimage',
  'other path',
  'other query',
  'other method',
  'other body',
  'other path with its own opaque',
  'other body with its own digest',
  'lower amount',
  'own payment hash',
  'later expiry',
  'other realm',
  'foreign secret',
  'garbage',
  'two credentials',
] as const;
export type Trick = (typeof tricks)[number];
export type Way = (typeof honestWays)[number] | Trick;

/** A request with what it is presented with. */
export interface Presented {
  readonly request: GateRequest;
  /** What must never be seen again. */
  readonly token: string;
  /** A paid credential for this very request. */
  readonly genuine: boolean;
}

const foreign = createKeyring(['a secret that the shop has never heard of']);
/** A preimage that anybody can make up. It is sent as a proof, so it may not be seen again either. */
export const madeUp = sha256('made up');

/** Builds a presentation. Undefined before the purchase has a challenge. */
export function present(purchase: Purchase, way: Way): Presented | undefined {
  const { challenge } = purchase;
  if (challenge === undefined) return undefined;
  const request = requestOf(purchase);
  const paid = purchase.preimage !== '';
  const of = (
    changed: Challenge,
    asked: GateRequest = request,
    preimage = purchase.preimage || madeUp,
  ): Presented => {
    const credential = serializeCredential({ challenge: changed, payload: { preimage } });
    const genuine = paid && (way === 'whole echo' || way === 'short echo');
    return {
      request: { ...asked, credentials: [credential] },
      token: credential.slice('Payment '.length),
      genuine,
    };
  };
  const other = { ...request, path: `${request.path}/other` };
  const otherBody = { ...request, body: Buffer.from('{"n":"other"}') };
  const terms = decodeRequest(challenge.request) ?? {};
  switch (way) {
    case 'whole echo':
      return of(challenge);
    case 'short echo': {
      const { opaque: _opaque, digest: _digest, ...short } = challenge;
      return of(short);
    }
    case 'wrong preimage':
      return of(challenge, request, madeUp);
    case 'other path':
      return of(challenge, other);
    case 'other query':
      return of(challenge, { ...request, query: 'n=other' });
    case 'other method':
      return of(challenge, { ...request, method: 'DELETE' });
    case 'other body':
      return of(challenge, otherBody);
    case 'other path with its own opaque': {
      const { method, path, query } = other;
      return of({ ...challenge, opaque: encodeBase64url(JSON.stringify({ method, path, query })) }, other);
    }
    case 'other body with its own digest':
      return of({ ...challenge, digest: bodyDigest(otherBody.body) }, otherBody);
    case 'lower amount':
      return of({ ...challenge, request: encodeRequest({ ...terms, amount: '1' }) });
    case 'own payment hash': {
      const methodDetails = { paymentHash: sha256(Buffer.from(madeUp, 'hex')) };
      return of({ ...challenge, request: encodeRequest({ ...terms, methodDetails }) }, request, madeUp);
    }
    case 'later expiry':
      return of({ ...challenge, expires: '2099-01-01T00:00:00Z' });
    case 'other realm':
      return of({ ...challenge, realm: 'https://other.example' });
    case 'foreign secret':
      return of({ ...challenge, id: foreign.sign(bindingInput(challenge)) });
    case 'garbage':
      return {
        request: { ...request, credentials: ['Payment bm90IG9uZQ'] },
        token: 'bm90IG9uZQ',
        genuine: false,
      };
    case 'two credentials': {
      const one = of(challenge);
      return { ...one, request: { ...request, credentials: [...one.request.credentials, 'Payment bm8'] } };
    }
  }
}
