import { createHash } from 'node:crypto';
import { base58check, bech32, bech32m } from '@scure/base';
import { expect } from 'vitest';
import { decodeInvoice } from '../bolt11/decode.js';
import type { Invoice } from '../bolt11/invoice.js';
import { checkPayable } from '../bolt11/payable.js';
import { verifyInvoice } from '../bolt11/signature.js';

// What the examples of BOLT 11 share. What their text leaves to "..." is the same in all of them.

const sha256check = base58check((data: Uint8Array) => createHash('sha256').update(data).digest());
/** Who signs the examples. */
export const node = '03e7156ae33b0a208d0744199163177e909e80176e55d97a2f221ede0f934dd9ad';
// The text gives no key here; the npm package `bolt11` recovers the same one.
/** Who seems to have signed the one with the high S. */
export const recoveredHighS = '02d0139ce7427d6dfffd26a326c18be754ef1e64672b42694ba5b23ef6e6e7803d';
export const listHash = createHash('sha256')
  .update(
    'One piece of chocolate cake, one icecream cone, one pickle, one slice of swiss cheese, one slice of salami, ' +
      'one lollypop, one piece of cherry pie, one sausage, one cupcake, and one slice of watermelon',
  )
  .digest('hex');

/** The hash in a base58 address, hex. */
export function programOfBase58(address: string): string {
  return Buffer.from(sha256check.decode(address)).subarray(1).toString('hex');
}

/** The witness program in a bech32 or bech32m address, hex. */
export function programOfSegwit(address: `${string}1${string}`): string {
  const { words } = address.startsWith('bc1p') ? bech32m.decode(address) : bech32.decode(address);
  return Buffer.from(bech32.fromWords(words.slice(1))).toString('hex');
}

/** What the examples share. */
export const common = {
  network: 'mainnet',
  timestamp: 1_496_314_658,
  paymentHash: '0001020304050607080900010203040506070809000102030405060708090102',
  paymentSecret: '11'.repeat(32),
  expirySeconds: 3_600,
  minFinalCltvExpiry: 18,
  fallbacks: [],
  routeHints: [],
  features: [8, 14],
  otherFields: [],
} as const;

/** The fields "which must be ignored": type, and the number of words (all zero but for the fallback's version). */
export const ignored = [
  { tag: 10, words: new Uint8Array(3) },
  { tag: 9, words: Uint8Array.of(19, ...new Uint8Array(32)) },
  { tag: 1, words: new Uint8Array(51) },
  { tag: 1, words: new Uint8Array(53) },
  { tag: 23, words: new Uint8Array(51) },
  { tag: 23, words: new Uint8Array(53) },
  { tag: 16, words: new Uint8Array(51) },
  { tag: 16, words: new Uint8Array(53) },
  { tag: 19, words: new Uint8Array(52) },
  { tag: 19, words: new Uint8Array(54) },
];

/** One example. */
export interface Vector {
  readonly title: string;
  readonly text: string;
  readonly expected: Partial<Invoice>;
  /** What the signature says, where it is not the examples' node. */
  readonly payee?: string;
  /** Why a payer must refuse it all the same. */
  readonly notPayable?: string;
}

/** Decodes an example and holds every field, the signer and whether it may be paid against the specification. */
export function expectExample({ text, expected, payee, notPayable }: Vector): void {
  const decoded = decodeInvoice(text);
  if (!decoded.ok) throw new Error(`${decoded.code}: ${decoded.detail}`);
  const { signature, recoveryId, signingHash, ...fields } = decoded.value;
  const signed = { signature, recoveryId, signingHash };
  // Not every example gives its signature in hex; where it does, it has to be that one.
  expect({ ...signed, ...fields }).toEqual({ ...signed, text, ...expected });
  expect(verifyInvoice(decoded.value)).toEqual({ ok: true, value: { payee: payee ?? node } });
  expect(checkPayable(decoded.value)).toMatchObject(
    notPayable === undefined ? { ok: true } : { ok: false, code: notPayable },
  );
}
