import type { Amount, Offer } from '@farebox/protocol';
import type { TempoConfig } from '../config/config.js';
import { fiatCurrency, fiatDecimals } from '../price/fiat.js';
import type { PriceCondition, PriceRow } from '../price/price-table.js';

/** What a price is read with. */
export interface PriceNames {
  readonly tempo: Pick<TempoConfig, 'tokens'> | undefined;
}

/** What a route costs, in words. */
export interface PriceWords {
  /** For a list: `1 sat`, `free`, `1 to 20 sat or 0.01 pathUSD`. */
  readonly short: string;
  /** Prices of some of the requests, in the order in which they are looked at; empty without a price table. */
  readonly rows: readonly { readonly when: string; readonly price: string }[];
  /** What the requests cost that no row fits. */
  readonly otherwise: string;
}

/** Writes down what a route costs, exactly as it is configured. */
export function priceWords(
  offers: readonly Offer[],
  rows: readonly PriceRow[],
  names: PriceNames,
): PriceWords {
  const otherwise = offersInWords(offers, names);
  if (rows.length === 0) return { short: otherwise, rows: [], otherwise };
  const ranges = offers.map((offer) => rangeInWords([offer, ...sameWay(offer, rows)], names));
  return {
    short: listInWords(ranges),
    rows: rows.map((row) => ({
      when: conditionInWords(row.when),
      price: offersInWords(row.offers, names),
    })),
    otherwise,
  };
}

/** One offer: `1 sat`, `0.01 pathUSD`, `0.002 USD in satoshis, at the rate of the moment`. */
export function offerInWords(offer: Offer, names: PriceNames): string {
  const { value, unit, dynamic } = reading(offer.price, names);
  return dynamic
    ? `${value} ${unit} in satoshis, at the rate of the moment`
    : `${value} ${unit}${offer.method === 'tempo' ? ' on Tempo' : ''}`;
}

/** True when the amount of an offer is known only when it is asked for. */
export function isDynamic(offer: Offer): boolean {
  return fiatCurrency(offer.price) !== undefined;
}

/** The offers of a price table that are paid in the same way as this one. */
export function sameWay(offer: Offer, rows: readonly PriceRow[]): Offer[] {
  return rows.flatMap((row) =>
    row.offers.filter(
      ({ method, price }) =>
        method === offer.method && (method === 'lightning' || price.currency === offer.price.currency),
    ),
  );
}

/** Offers that are paid in one way, as a range: `1 to 20 sat`. */
export function rangeInWords(offers: readonly Offer[], names: PriceNames): string {
  const units = new Set(offers.map(({ price }) => price.currency));
  const [first] = offers;
  if (first === undefined) return 'free';
  if (units.size > 1) return [...new Set(offers.map((offer) => offerInWords(offer, names)))].join(' to ');
  const amounts = offers.map(({ price }) => price.amount);
  const least = amounts.reduce((a, b) => (a < b ? a : b));
  const most = amounts.reduce((a, b) => (a > b ? a : b));
  const last = offerInWords({ ...first, price: { ...first.price, amount: most } }, names);
  return least === most ? last : `${reading({ ...first.price, amount: least }, names).value} to ${last}`;
}

function offersInWords(offers: readonly Offer[], names: PriceNames): string {
  return offers.length === 0 ? 'free' : listInWords(offers.map((offer) => offerInWords(offer, names)));
}

function listInWords(texts: readonly string[]): string {
  // Satoshis first: the gate offers them last for the sake of some clients, people need not care.
  return [...texts].reverse().join(' or ');
}

interface Reading {
  readonly value: string;
  readonly unit: string;
  readonly dynamic: boolean;
}

function reading(price: Amount, names: PriceNames): Reading {
  const currency = fiatCurrency(price);
  if (currency !== undefined)
    return { value: decimalText(price.amount, fiatDecimals), unit: currency, dynamic: true };
  const token = names.tempo?.tokens.find(({ address }) => address === price.currency);
  return token === undefined
    ? { value: price.amount.toString(), unit: price.currency, dynamic: false }
    : { value: decimalText(price.amount, token.decimals), unit: token.name, dynamic: false };
}

function decimalText(amount: bigint, decimals: number): string {
  const digits = amount.toString().padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '');
  return fraction === '' ? whole : `${whole}.${fraction}`;
}

function conditionInWords(when: PriceCondition): string {
  const parts: string[] = [];
  if (when.methods !== undefined) parts.push(`the method is ${when.methods.join(' or ')}`);
  if (when.path !== undefined) {
    parts.push(
      when.path.endsWith('*') ? `the path begins with ${when.path.slice(0, -1)}` : `the path is ${when.path}`,
    );
  }
  for (const [name, value] of Object.entries(when.query ?? {}))
    parts.push(value === '*' ? `the query has ${name}` : `the query has ${name}=${value}`);
  for (const [pointer, value] of Object.entries(when.body ?? {}))
    parts.push(
      value === '*' ? `the body has ${pointer}` : `${pointer} in the body is ${JSON.stringify(value)}`,
    );
  if (when.bodyBytesMin !== undefined) parts.push(`the body has ${when.bodyBytesMin} bytes or more`);
  return parts.join(' and ');
}
