import { createHash } from 'node:crypto';
import type { Challenge } from '@farebox/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeBech32 } from '../bolt11/bech32.js';
import { PaperNode } from '../paper/paper-node.js';
import { challengeOf, invoiceOf, nowMs, payee, paymentHash } from '../testing/charge-challenge.js';
import { lightningBuyer } from './buyer.js';

const buyer = lightningBuyer({ node: new PaperNode(), network: 'regtest' });
const inspect = (challenge: Challenge) => buyer.inspect(challenge, { nowMs });

describe('inspect', () => {
  it('tells what an honest challenge costs, and whom it pays', () => {
    expect(inspect(challengeOf())).toEqual({
      ok: true,
      inspection: {
        price: { amount: 21n, currency: 'sat' },
        payee,
        reference: paymentHash,
        network: 'regtest',
        expiresMs: nowMs + 300_000,
        description: 'Block by height',
      },
    });
  });

  it('needs no payment hash in the request', () => {
    const { paymentHash: _, ...details } = { invoice: invoiceOf(), paymentHash, network: 'regtest' };
    expect(inspect(challengeOf({ request: { methodDetails: details } }))).toMatchObject({ ok: true });
  });

  it('takes a request without network for mainnet', () => {
    const onMainnet = lightningBuyer({ node: new PaperNode(), network: 'mainnet' });
    const invoice = invoiceOf({ network: 'mainnet' });
    const challenge = challengeOf({ request: { methodDetails: { invoice } } });
    expect(onMainnet.inspect(challenge, { nowMs })).toMatchObject({
      ok: true,
      inspection: { network: 'mainnet' },
    });
  });

  it('ends with the earlier of both expiries, and shows the description that was signed', () => {
    const brief = challengeOf({
      invoice: invoiceOf({ expirySeconds: 20 }),
      request: { description: 'Free gold' },
    });
    expect(inspect(brief)).toMatchObject({
      ok: true,
      inspection: { expiresMs: nowMs + 20_000, description: 'Block by height' },
    });
    const { expires: _, ...endless } = challengeOf();
    expect(inspect(endless)).toMatchObject({ ok: true, inspection: { expiresMs: nowMs + 600_000 } });
  });

  it('takes a description that the invoice commits to by its hash', () => {
    const text = 'A list of things';
    const descriptionHash = createHash('sha256').update(text).digest('hex');
    const invoice = invoiceOf({ descriptionHash }, ['description']);
    const { description } = { description: text };
    expect(inspect(challengeOf({ invoice, request: { description } }))).toMatchObject({
      ok: true,
      inspection: { description },
    });
    expect(inspect(challengeOf({ invoice }))).toMatchObject({ ok: false, code: 'description_mismatch' });
  });
});

describe('inspect refuses', () => {
  it.each<[string, Challenge, string]>([
    ['another method', challengeOf({ challenge: { method: 'tempo' } }), 'method_mismatch'],
    ['another intent', challengeOf({ challenge: { intent: 'session' } }), 'method_mismatch'],
    ['a request that is no base64url', challengeOf({ challenge: { request: '!' } }), 'request_malformed'],
    ['a request that is no object', challengeOf({ challenge: { request: 'W10' } }), 'request_malformed'],
    ['another currency', challengeOf({ request: { currency: 'usd' } }), 'currency_unsupported'],
    ['no amount', challengeOf({ request: { amount: '' } }), 'request_malformed'],
    ['an invoice that is none', challengeOf({ invoice: 'lnbcrt210n1oops' }), 'invoice_malformed'],
    ['an invoice of which a letter changed', challengeOf({ invoice: corrupted() }), 'invoice_malformed'],
    [
      'a larger amount in the invoice',
      challengeOf({ invoice: invoiceOf({ amountMsat: 2_100_000n }) }),
      'amount_mismatch',
    ],
    [
      'a smaller amount in the invoice',
      challengeOf({ invoice: invoiceOf({ amountMsat: 20_000n }) }),
      'amount_mismatch',
    ],
    [
      'a millisatoshi on top',
      challengeOf({ invoice: invoiceOf({ amountMsat: 21_001n }) }),
      'amount_mismatch',
    ],
    [
      'an amount that is not in the invoice',
      challengeOf({ invoice: invoiceOf({}, ['amountMsat']) }),
      'amount_missing',
    ],
    ['another payment hash', challengeOf({ details: { paymentHash: 'ab'.repeat(32) } }), 'hash_mismatch'],
    [
      'an invoice of another network',
      challengeOf({ invoice: invoiceOf({ network: 'mainnet' }) }),
      'network_mismatch',
    ],
    ['another network in the request', challengeOf({ details: { network: 'mainnet' } }), 'network_mismatch'],
    [
      'a network that the draft has not',
      challengeOf({ details: { network: 'testnet' } }),
      'network_unsupported',
    ],
    [
      'no network in the request, which means mainnet',
      challengeOf({ request: { methodDetails: { invoice: invoiceOf() } } }),
      'network_mismatch',
    ],
    ['no payment secret', challengeOf({ invoice: invoiceOf({}, ['paymentSecret']) }), 'secret_missing'],
    ['no description', challengeOf({ invoice: invoiceOf({}, ['description']) }), 'description_missing'],
    [
      'a description and a hash of another',
      challengeOf({
        invoice: invoiceOf({ descriptionHash: createHash('sha256').update('Block by height').digest('hex') }),
      }),
      'description_ambiguous',
    ],
    [
      'an unknown required feature',
      challengeOf({ invoice: invoiceOf({ features: [8, 14, 100] }) }),
      'feature_unknown',
    ],
    [
      'a feature without what it needs',
      challengeOf({ invoice: invoiceOf({ features: [8, 16] }) }),
      'feature_dependency',
    ],
    [
      'an expired invoice',
      challengeOf({ invoice: invoiceOf({ timestamp: nowMs / 1_000 - 600 }) }),
      'invoice_expired',
    ],
    [
      'an expired challenge',
      challengeOf({ challenge: { expires: '2026-03-15T12:00:00Z' } }),
      'challenge_expired',
    ],
    ['an expiry that is no time', challengeOf({ challenge: { expires: 'soon' } }), 'challenge_malformed'],
    [
      'a signature that nobody can have made',
      challengeOf({ invoice: unsigned() }),
      'signature_not_recoverable',
    ],
    ['a payee that did not sign', challengeOf({ invoice: swappedPayee() }), 'signature_invalid'],
  ])('%s', (_, challenge, code) => {
    const refused = inspect(challenge);
    expect(refused).toMatchObject({ ok: false, code });
    expect(refused.ok ? '' : refused.detail).toMatch(/^[A-Z].{10,}[^.]$/);
  });
});

describe('inspect never throws', () => {
  it('whatever the challenge says', () => {
    const texts = fc.string({ unit: 'binary', maxLength: 60 });
    const changes = fc.record({ method: texts, request: texts, expires: texts }, { requiredKeys: [] });
    fc.assert(
      fc.property(changes, (challenge) => {
        expect(inspect(challengeOf({ challenge })).ok).toBe(Object.keys(challenge).length === 0);
      }),
    );
  });
});

function corrupted(): string {
  const invoice = invoiceOf();
  return `${invoice.slice(0, 60)}${invoice[60] === 'q' ? 'p' : 'q'}${invoice.slice(61)}`;
}

const alphabet = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';

/** The words of an invoice put behind its prefix again, with a checksum that fits whatever was changed. */
function rewritten(invoice: string, change: (words: number[]) => void): string {
  const separator = invoice.lastIndexOf('1');
  const words = [...invoice.slice(separator + 1, -6)].map((character) => alphabet.indexOf(character));
  change(words);
  return encodeBech32(invoice.slice(0, separator), Uint8Array.from(words));
}

/** r and s of zero. */
function unsigned(): string {
  return rewritten(invoiceOf(), (words) => words.fill(0, words.length - 104));
}

/** Field `n` names the seller; then a bit of the payment secret changes, and the signature does not fit any more. */
function swappedPayee(): string {
  return rewritten(invoiceOf({ payee: true }), (words) => {
    words[20] = (words[20] ?? 0) ^ 1;
  });
}
