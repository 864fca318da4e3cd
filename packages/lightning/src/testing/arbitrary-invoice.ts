import { createHash } from 'node:crypto';
import fc from 'fast-check';
import type { InvoiceDraft } from '../bolt11/encode.js';
import { nodeIdOf } from '../bolt11/signature.js';

/** Values for the property tests: secret keys and everything an invoice can say. */
export const hex32 = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString('hex'));

/** Secret keys, and the node ids of a few of them: an id is dear to compute. */
export const secretKeys = fc.constantFrom(
  ...Array.from({ length: 8 }, (_, index) => createHash('sha256').update(`key ${index}`).digest()),
);
const pubkeys = secretKeys.map(nodeIdOf);

const uint32 = fc.nat(0xffffffff);
const hop = fc.record({
  pubkey: pubkeys,
  shortChannelId: fc
    .tuple(fc.nat(0xffffff), fc.nat(0xffffff), fc.nat(0xffff))
    .map(([block, transaction, output]) => `${block}x${transaction}x${output}`),
  feeBaseMsat: uint32,
  feeProportionalMillionths: uint32,
  cltvExpiryDelta: fc.nat(0xffff),
});

function hexOf(minLength: number, maxLength: number) {
  return fc.uint8Array({ minLength, maxLength }).map((bytes) => Buffer.from(bytes).toString('hex'));
}

const fallback = fc.oneof(
  fc.record({ version: fc.constantFrom(17, 18), program: hexOf(20, 20) }),
  fc.record({ version: fc.constant(0), program: fc.oneof(hexOf(20, 20), hexOf(32, 32)) }),
  fc.record({ version: fc.integer({ min: 1, max: 16 }), program: hexOf(2, 40) }),
);

/** The members that every draft has, with all the others left to chance. */
export const drafts: fc.Arbitrary<InvoiceDraft> = fc
  .record(
    {
      network: fc.constantFrom('mainnet', 'testnet', 'signet', 'regtest'),
      timestamp: fc.oneof(fc.integer({ min: 1_500_000_000, max: 2_000_000_000 }), fc.nat(2 ** 31 - 1)),
      paymentHash: hex32,
      amountMsat: fc.oneof(fc.bigInt(1n, 1_000_000n), fc.bigInt(1n, 2_100_000_000_000_000_000n)),
      paymentSecret: hex32,
      description: fc.string({ unit: 'grapheme', maxLength: 60 }),
      descriptionHash: hex32,
      payee: fc.boolean(),
      expirySeconds: fc.oneof(fc.integer({ min: 1, max: 100_000 }), fc.constant(2 ** 35 - 1)),
      minFinalCltvExpiry: fc.oneof(fc.nat(2_016), uint32),
      metadata: hexOf(0, 100),
      fallbacks: fc.array(fallback, { maxLength: 3 }),
      routeHints: fc.array(fc.array(hop, { minLength: 1, maxLength: 3 }), { maxLength: 2 }),
      features: fc.uniqueArray(fc.nat(150), { maxLength: 8 }).map((bits) => bits.sort((a, b) => a - b)),
      // Types that BOLT 11 does not define.
      otherFields: fc.array(
        fc.record({
          tag: fc.constantFrom(0, 2, 4, 10, 31),
          words: fc.uint8Array({ max: 31, maxLength: 20 }),
        }),
        { maxLength: 2 },
      ),
    },
    { requiredKeys: ['network', 'timestamp', 'paymentHash'] },
  )
  .filter(({ description = '' }) => Buffer.byteLength(description) <= 639);
