import { formatAmount, type Offer } from '@farebox/protocol';
import type { TempoTokenConfig } from '../config/config.js';
import { formatDecimal } from './decimal.js';
import { fiatCurrency, fiatDecimals } from './fiat.js';

/** The prices of a route for people, as they are written in `farebox.yaml`: `1 sat`, `0.01 pathUSD or 1 sat`, `free`. */
export function priceWords(offers: readonly Offer[], tokens: readonly TempoTokenConfig[]): string {
  if (offers.length === 0) return 'free';
  return offers.map((offer) => offerWords(offer, tokens)).join(' or ');
}

function offerWords({ price }: Offer, tokens: readonly TempoTokenConfig[]): string {
  const currency = fiatCurrency(price);
  if (currency !== undefined)
    return `${formatDecimal({ units: price.amount, scale: fiatDecimals })} ${currency}`;
  const token = tokens.find(({ address }) => address === price.currency);
  if (token === undefined) return formatAmount(price);
  return `${formatDecimal({ units: price.amount, scale: token.decimals })} ${token.name}`;
}
