import type { Amount } from '@farebox/protocol';

/** How amounts are written in a policy. The wallet knows no tokens, so that it is told by whoever does. */
export interface Money {
  /** Reads `100 sat`, `0.05 pathUSD`; undefined for what is no amount. */
  readonly parse: (text: string) => Amount | undefined;
  /** The stablecoins that the default names beside satoshis: their names or addresses. */
  readonly tokens: readonly string[];
}

/** Satoshis and nothing else. */
export const satoshis: Money = {
  parse(text) {
    const [, digits = '', unit = ''] = /^([0-9]{1,16}) ?(m?sats?)$/i.exec(text.trim()) ?? [];
    if (digits === '') return undefined;
    return { amount: BigInt(digits), currency: unit.toLowerCase().startsWith('m') ? 'msat' : 'sat' };
  },
  tokens: [],
};
