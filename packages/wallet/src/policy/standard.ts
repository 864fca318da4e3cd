import type { Amount } from '@farebox/protocol';
import { creditRetentionMs, finishedRetentionMs } from '../limits.js';
import type { Money } from './money.js';
import type { Policy } from './policy.js';

/** What the first policy allows, in satoshis and in units of each stablecoin: useful and small. */
export const standardLimits = {
  payment: ['100', '0.1'],
  fee: ['10', '0.01'],
  day: ['1000', '1'],
} as const;

/**
 * The policy of a wallet without a file: 100 sat a payment, 10 sat in fees, 1,000 sat a day; of each stablecoin 0.10, 0.01
 * and 1.00. The same that the default file says, without reading one.
 *
 * @param source where it is said, for people
 */
export function standardPolicy(source: string, { tokens, parse }: Money): Policy {
  const list = ([sats, units]: readonly [string, string]): Amount[] =>
    [`${sats} sat`, ...tokens.map((name) => `${units} ${name}`)].flatMap((text) => parse(text) ?? []);
  const { payment, fee, day } = standardLimits;
  return {
    source,
    limits: { payment: list(payment), fee: list(fee), hour: [], day: list(day) },
    hosts: new Map(),
    eachHost: undefined,
    methods: new Map(),
    allow: {},
    deny: { origins: [], paths: [], payees: [] },
    plainHttp: [],
    approval: undefined,
    retention: { finishedMs: finishedRetentionMs, creditMs: creditRetentionMs },
  };
}
