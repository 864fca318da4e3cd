import { createHash } from 'node:crypto';
import {
  bindingInput,
  decodeRequest,
  encodeRequest,
  parseChallenges,
  parseCredential,
  parseReceipt,
  serializeChallenge,
  serializeCredential,
  serializeReceipt,
} from '@farebox/protocol';
import { bodyDigest, createKeyring } from '@farebox/protocol/binding';
import { Challenge, Credential, PaymentRequest, Receipt } from 'mppx';
import { describe, expect, it } from 'vitest';
import { secret } from './market.js';

// Our writer and mppx's reader, mppx's writer and ours, with the ids: what one has signed the other accepts.

const keyring = createKeyring([secret]);
const realm = 'https://api.example.com';
const preimage = 'ab'.repeat(32);
const request = {
  amount: '100',
  currency: 'sat',
  description: 'Grüße, “1 sat” 🎉 \\ " \u0000',
  methodDetails: {
    invoice: `lnbcrt1u1${'q'.repeat(300)}`,
    network: 'regtest',
    paymentHash: createHash('sha256').update(preimage, 'hex').digest('hex'),
  },
};
const expires = '2099-01-02T03:04:05Z';
const meta = { method: 'POST', path: '/v1/notes', query: 'a=1&b=%20' };

const optional = {
  'nothing optional': {},
  'an expiry': { expires },
  'an expiry with a fraction': { expires: '2099-01-02T03:04:05.678Z' },
  'a digest of RFC 9530': { expires, digest: bodyDigest(Buffer.from('{"a":1}')) },
  "a digest in mppx's form": {
    expires,
    digest: `sha-256=${createHash('sha256').update('{}').digest('base64')}`,
  },
  'an opaque': { expires, opaque: PaymentRequest.serialize(meta) },
  'a description': { expires, description: 'one "note", id="x" \\ Payment realm=y' },
  'all of them': {
    expires,
    digest: bodyDigest(Buffer.from('x')),
    opaque: PaymentRequest.serialize(meta),
    description: 'd',
  },
};

describe.each(Object.entries(optional))('a challenge with %s', (_, extra) => {
  const unsigned = {
    realm,
    method: 'lightning',
    intent: 'charge',
    request: encodeRequest(request),
    ...extra,
  };
  const ours = { id: keyring.sign(bindingInput(unsigned)), ...unsigned };
  const theirs = Challenge.from({
    realm,
    method: 'lightning',
    intent: 'charge',
    request,
    secretKey: secret,
    ...extra,
  });

  it('has the same id and the same request on both sides', () => {
    expect(theirs.id).toBe(ours.id);
    expect(PaymentRequest.serialize(request)).toBe(ours.request);
  });

  it('of ours is read and verified by mppx', () => {
    const headers = new Headers({ 'WWW-Authenticate': serializeChallenge(ours, { amount: '100' }) });
    const read = Challenge.fromHeaders(headers);
    expect(read).toEqual({ ...ours, request });
    expect(Challenge.verify(read, { secretKey: secret })).toBe(true);
  });

  it("of mppx's is read and verified by us", () => {
    const { challenges, skipped } = parseChallenges(Challenge.serialize(theirs));
    expect([challenges, skipped]).toEqual([[ours], []]);
    expect(keyring.verify(bindingInput(ours), theirs.id)).toBe(true);
  });

  it('comes back whole in the credential of the other', () => {
    const payload = { preimage };
    const source = 'did:key:z6Mk';
    const fromUs = Credential.deserialize(serializeCredential({ challenge: ours, payload, source }));
    expect(fromUs).toEqual({ challenge: { ...ours, request }, payload, source });
    expect(Challenge.verify(fromUs.challenge, { secretKey: secret })).toBe(true);
    const fromThem = parseCredential(Credential.serialize({ challenge: theirs, payload, source }));
    expect(fromThem).toEqual({ ok: true, value: { challenge: ours, payload, source } });
  });
});

describe('a challenge that names its credential header', () => {
  const theirs = Challenge.from({
    realm,
    method: 'lightning',
    intent: 'charge',
    request,
    expires,
    header: 'Payment-Authorization',
    secretKey: secret,
  });

  it('is read by us and echoed so that mppx verifies it', () => {
    const [challenge] = parseChallenges(Challenge.serialize(theirs)).challenges;
    if (challenge === undefined) throw new Error('There is no challenge.');
    expect(challenge).toMatchObject({ id: theirs.id, header: 'Payment-Authorization' });
    const echo = Credential.deserialize(serializeCredential({ challenge, payload: { preimage } })).challenge;
    expect(Challenge.verify(echo, { secretKey: secret })).toBe(true);
  });
});

describe('several challenges', () => {
  const one = (id: string) => ({
    id,
    realm,
    method: 'lightning',
    intent: 'charge',
    request: encodeRequest(request),
  });

  it('of ours, in one field or in many, are all read by mppx', () => {
    const headers = new Headers();
    headers.append('WWW-Authenticate', 'Basic realm="a, Payment id"');
    headers.append('WWW-Authenticate', `${serializeChallenge(one('a'))}, ${serializeChallenge(one('b'))}`);
    headers.append('WWW-Authenticate', serializeChallenge(one('c')));
    expect(Challenge.fromHeadersList(headers).map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    const { challenges } = parseChallenges(headers.get('WWW-Authenticate') ?? '');
    expect(challenges.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
  });
});

describe('a receipt', () => {
  const receipt = {
    status: 'success',
    method: 'lightning',
    timestamp: '2026-03-10T21:00:00Z',
    reference: request.methodDetails.paymentHash,
    challengeId: 'kM9xPqWvT2nJrHsY4aDfEb',
  } as const;

  it('of ours is read by mppx, with the fields of the method', () => {
    expect(Receipt.deserialize(serializeReceipt(receipt))).toEqual(receipt);
  });

  it("of mppx's is read by us, with the fields of the method", () => {
    expect(parseReceipt(Receipt.serialize(receipt))).toEqual({ ok: true, value: receipt });
  });
});

it('a request of either is decoded by the other', () => {
  expect(PaymentRequest.deserialize(encodeRequest(request))).toEqual(request);
  expect(decodeRequest(PaymentRequest.serialize(request))).toEqual(request);
});
