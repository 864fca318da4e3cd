import { type Money, satoshis } from '../policy/money.js';

/** The address of the token. */
export const token = '0x20c0000000000000000000000000000000000000';
/** Satoshis, and a token whose amounts are whole. */
export const money: Money = {
  tokens: ['pathUSD'],
  parse(text) {
    const [, units] = /^([0-9.]+) ?pathUSD$/.exec(text) ?? [];
    if (units !== undefined) return { amount: BigInt(Math.round(Number(units) * 1e6)), currency: token };
    return satoshis.parse(text);
  },
};
/** Satoshis. */
export const sat = (amount: bigint) => ({ amount, currency: 'sat' });
