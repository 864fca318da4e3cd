import bolt11 from 'bolt11';
import fc from 'fast-check';
import { decode as decodeLight } from 'light-bolt11-decoder';
import { describe, expect, it } from 'vitest';
import { drafts, hex32, secretKeys } from '../testing/arbitrary-invoice.js';
import { decodeInvoice } from './decode.js';
import { encodeInvoice } from './encode.js';
import { nodeIdOf, verifyInvoice } from './signature.js';

// Two independent implementations read what we write, and we read what one of them writes.

/** What all three can express: those packages know neither signet nor every fallback and field. */
const shared = drafts
  .filter((draft) => draft.network !== 'signet' && draft.description !== undefined)
  .map(({ fallbacks, otherFields, metadata, descriptionHash, features, ...draft }) => ({
    ...draft,
    paymentSecret: draft.paymentSecret ?? '11'.repeat(32),
    features: [8, 14, 17],
    minFinalCltvExpiry: Math.min(draft.minFinalCltvExpiry ?? 18, 0xffff) || 1,
    expirySeconds: Math.min(draft.expirySeconds ?? 3_600, 100_000),
  }));

const networks = {
  regtest: { bech32: 'bcrt', pubKeyHash: 0x6f, scriptHash: 0xc4, validWitnessVersions: [0, 1] },
};

describe('invoices that we write, read by others', () => {
  it('bolt11 finds the same fields and the same payee', () => {
    fc.assert(
      fc.property(shared, secretKeys, (draft, key) => {
        const invoice = encodeInvoice(draft, key);
        if (!invoice.ok) throw new Error(invoice.detail);
        const theirs = bolt11.decode(
          invoice.value,
          draft.network === 'regtest' ? networks.regtest : undefined,
        );
        expect(theirs.payeeNodeKey).toBe(nodeIdOf(key));
        expect(theirs.millisatoshis ?? undefined).toBe(draft.amountMsat?.toString());
        expect(theirs.timestamp).toBe(draft.timestamp);
        expect(theirs.tagsObject).toMatchObject({
          payment_hash: draft.paymentHash,
          payment_secret: draft.paymentSecret,
          description: draft.description,
          ...(draft.expirySeconds === 3_600 ? undefined : { expire_time: draft.expirySeconds }),
          ...(draft.minFinalCltvExpiry === 18
            ? undefined
            : { min_final_cltv_expiry: draft.minFinalCltvExpiry }),
        });
      }),
      { numRuns: 60 },
    );
  });

  it('light-bolt11-decoder finds the same fields', () => {
    fc.assert(
      fc.property(
        shared.filter((draft) => draft.network === 'mainnet'),
        secretKeys,
        (draft, key) => {
          const invoice = encodeInvoice(draft, key);
          if (!invoice.ok) throw new Error(invoice.detail);
          const theirs = decodeLight(invoice.value);
          const values = new Map(
            theirs.sections.map((section) => [section.name, 'value' in section ? section.value : '']),
          );
          expect(values.get('amount')).toBe(draft.amountMsat?.toString());
          expect(values.get('timestamp')).toBe(draft.timestamp);
          expect(values.get('payment_hash')).toBe(draft.paymentHash);
          expect(values.get('payment_secret')).toBe(draft.paymentSecret);
          expect(values.get('description')).toBe(draft.description);
          // It leaves the default out.
          expect(theirs.expiry).toBe(draft.expirySeconds === 3_600 ? undefined : draft.expirySeconds);
          expect(
            theirs.route_hints.flat().map(({ pubkey, fee_base_msat }) => [pubkey, fee_base_msat]),
          ).toEqual((draft.routeHints ?? []).flat().map(({ pubkey, feeBaseMsat }) => [pubkey, feeBaseMsat]));
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('invoices that bolt11 writes', () => {
  it('are read with the same fields, and the signature names the signer', () => {
    const inputs = fc.record({
      millisatoshis: fc.bigInt(1n, 10_000_000_000n).map(String),
      paymentHash: hex32,
      paymentSecret: hex32,
      description: fc.string({ maxLength: 60 }),
      expirySeconds: fc.integer({ min: 1, max: 100_000 }),
    });
    fc.assert(
      fc.property(
        inputs,
        secretKeys,
        ({ millisatoshis, paymentHash, paymentSecret, description, expirySeconds }, key) => {
          const unsigned = bolt11.encode({
            network: networks.regtest,
            millisatoshis,
            timestamp: 1_700_000_000,
            tags: [
              { tagName: 'payment_hash', data: paymentHash },
              { tagName: 'payment_secret', data: paymentSecret },
              { tagName: 'description', data: description },
              { tagName: 'expire_time', data: expirySeconds },
              {
                tagName: 'feature_bits',
                data: {
                  word_length: 4,
                  var_onion_optin: { required: true, supported: false },
                  payment_secret: { required: true, supported: false },
                  basic_mpp: { required: false, supported: true },
                },
              },
            ],
          });
          const { paymentRequest = '' } = bolt11.sign(unsigned, key.toString('hex'));
          const decoded = decodeInvoice(paymentRequest);
          if (!decoded.ok) throw new Error(`${decoded.code}: ${decoded.detail}`);
          expect(decoded.value).toMatchObject({
            network: 'regtest',
            amountMsat: BigInt(millisatoshis),
            timestamp: 1_700_000_000,
            paymentHash,
            paymentSecret,
            description,
            expirySeconds,
          });
          expect(verifyInvoice(decoded.value)).toEqual({ ok: true, value: { payee: nodeIdOf(key) } });
        },
      ),
      { numRuns: 60 },
    );
  });
});
