/** What one bitcoin costs, as the operator configured it. */
export interface ConfiguredPrice {
  /** An ISO 4217 code, such as `USD`. */
  currency: string;
  /** Units of `currency` for one bitcoin. */
  rate: number;
}

/** The answer of the price endpoint. `source` says that nobody asked a market. */
export interface Price extends ConfiguredPrice {
  source: 'configured';
}

/**
 * Checks the configured price and makes the answer of it.
 *
 * @throws RangeError when the currency is not three capital letters or the rate is not a number above zero
 */
export function priceOf(configured: ConfiguredPrice): Price {
  const { currency, rate } = configured;
  if (!/^[A-Z]{3}$/.test(currency))
    throw new RangeError('The currency of the price must be three capital letters, such as USD.');
  if (!Number.isFinite(rate) || rate <= 0)
    throw new RangeError('The rate of the price must be a number above zero.');
  return { currency, rate, source: 'configured' };
}
