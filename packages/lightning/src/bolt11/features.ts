import { type Result, refuse } from '@farebox/protocol';

/** Feature bits that BOLT 9 assigns to invoices, even number of each pair, with what they depend on. */
const invoiceFeatures: ReadonlyMap<number, { readonly name: string; readonly needs: readonly number[] }> =
  new Map([
    [8, { name: 'var_onion_optin', needs: [] }],
    [14, { name: 'payment_secret', needs: [] }],
    [16, { name: 'basic_mpp', needs: [14] }],
    [24, { name: 'option_route_blinding', needs: [] }],
    [36, { name: 'option_attribution_data', needs: [] }],
    [48, { name: 'option_payment_metadata', needs: [] }],
  ]);

/** The highest feature bit that fits into a field. */
export const featureBitMax = 5_114;

/** The bits that are set, ascending, in the words of a `9` field (big-endian). */
export function readFeatures(words: Uint8Array, start: number, end: number): number[] {
  const bits: number[] = [];
  for (let i = end - 1; i >= start; i--) {
    const word = words[i] ?? 0;
    if (word === 0) continue;
    for (let bit = 0; bit < 5; bit++) if ((word >> bit) & 1) bits.push((end - 1 - i) * 5 + bit);
  }
  return bits;
}

/** The words of a `9` field, as few as hold the bits; empty when no bit is set. */
export function writeFeatures(bits: readonly number[]): Uint8Array {
  const highest = bits.reduce((most, bit) => Math.max(most, bit), -1);
  const words = new Uint8Array(Math.floor(highest / 5) + 1);
  for (const bit of bits) {
    const at = words.length - 1 - Math.floor(bit / 5);
    words[at] = (words[at] ?? 0) | (1 << (bit % 5));
  }
  return words;
}

/**
 * Whether a payer may go by these features (BOLT 11, "Tagged Fields" and "Feature Bits"; BOLT 9): an even bit that
 * BOLT 9 does not assign to invoices is `feature_unknown`, a feature without one that it depends on is
 * `feature_dependency`. Odd unknown bits are ignored.
 */
export function checkFeatures(bits: readonly number[]): Result<true> {
  for (const bit of bits) {
    const feature = invoiceFeatures.get(bit - (bit % 2));
    if (feature === undefined) {
      if (bit % 2 === 1) continue;
      return refuse('feature_unknown', `The invoice requires feature ${bit}, which is unknown`);
    }
    for (const needed of feature.needs) {
      if (bits.includes(needed) || bits.includes(needed + 1)) continue;
      const name = invoiceFeatures.get(needed)?.name ?? `${needed}`;
      return refuse(
        'feature_dependency',
        `The invoice offers ${feature.name} without ${name}, on which it depends`,
      );
    }
  }
  return { ok: true, value: true };
}
