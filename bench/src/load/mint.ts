import { hash, randomBytes } from 'node:crypto';
import {
  bindingInput,
  type Challenge,
  decodeRequest,
  encodeRequest,
  type JsonObject,
  parseChallenges,
  serializeCredential,
} from '@farebox/protocol';
import { createKeyring } from '@farebox/protocol/binding';

/**
 * Mints credentials in the image of a challenge that a server has really issued: another payment hash each, signed
 * again with the server's own secret over the same seven slots, with the preimage that fits. Both gateways'
 * challenges are signed alike, so both sets are minted by this one function.
 *
 * The invoice text stays that of the first: signing half a million would take longer than the benchmark, and
 * neither gateway reads it again when it verifies.
 */
export function createMint(challenge: Challenge, secret: string): () => string {
  const keyring = createKeyring([secret]);
  if (!keyring.verify(bindingInput(challenge), challenge.id)) {
    throw new Error('The server signs its challenges otherwise; the credentials would all be refused.');
  }
  const request = decodeRequest(challenge.request);
  const details = request?.methodDetails;
  if (request === undefined || !isObject(details)) throw new Error('The challenge is no lightning charge.');
  return () => {
    const preimage = randomBytes(32);
    const paymentHash = hash('sha256', preimage, 'hex');
    const unsigned = {
      ...challenge,
      request: encodeRequest({ ...request, methodDetails: { ...details, paymentHash } }),
    };
    return serializeCredential({
      challenge: { ...unsigned, id: keyring.sign(bindingInput(unsigned)) },
      payload: { preimage: preimage.toString('hex') },
    });
  };
}

/** The one challenge in the header section of a 402. */
export function challengeIn(head: string): Challenge {
  const fields = [...head.matchAll(/\r\nwww-authenticate: *([^\r]*)/gi)].map((match) => match[1] ?? '');
  const [challenge, ...others] = parseChallenges(fields).challenges;
  if (challenge === undefined || others.length > 0) throw new Error('The 402 has no challenge, or several.');
  return challenge;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
