import type { Offer } from '@farebox/protocol';
import { fiatAmount, fiatDecimals } from '../price/fiat.js';
import type { PriceRow } from '../price/price-table.js';
import type { TempoConfig, TempoFeePayerConfig, TempoTokenConfig } from './config.js';
import { parseDuration } from './duration.js';
import type { KeyPath } from './issues.js';
import { baseUnits, parsePrice } from './price.js';
import type { ConfigInput } from './schema.js';

/** Says that something is wrong at a key. */
export type Report = (path: KeyPath, message: string, atKey?: boolean) => void;
/** Makes a path absolute. */
export type Absolute = (path: string) => string;

/** Tempo's main network. */
const tempoChainIdDefault = 4217;
const tokenDecimalsDefault = 6;
const budgetWindowMsDefault = 24 * 3_600_000;
/** Default for the most that one sponsored transaction may cost, in whole tokens. */
const feeMaxDefault = '0.05';

/** How Tempo is paid on. */
export function resolveTempo(
  input: ConfigInput,
  absolute: Absolute,
  report: Report,
): TempoConfig | undefined {
  const { tempo } = input;
  if (tempo === undefined) return undefined;
  const named = tempo.rpc !== undefined || tempo.rpc_file !== undefined;
  if (tempo.rpc !== undefined && tempo.rpc_file !== undefined)
    report(['tempo', 'rpc_file'], 'stands beside rpc; keep one of the two.', true);
  const tokens = Object.entries(tempo.tokens).map(([name, token]) => resolveToken(name, token, report));
  const feePayer = tempo.fee_payer && resolveFeePayer(tempo.fee_payer, tokens, absolute, report);
  if (feePayer === undefined && tokens.some(({ sponsored }) => sponsored === true))
    report(['tempo', 'fee_payer'], 'is required while a token is sponsored.');
  return {
    rpcUrl: tempo.rpc,
    rpcFile: tempo.rpc_file === undefined ? undefined : absolute(tempo.rpc_file),
    chainId: tempo.chain ?? (named ? tempoChainIdDefault : undefined),
    tokens,
    push: tempo.push ?? false,
    feePayer,
  };
}

type TempoInput = NonNullable<ConfigInput['tempo']>;

function resolveToken(name: string, input: TempoInput['tokens'][string], report: Report): TempoTokenConfig {
  const { address, recipient, decimals = tokenDecimalsDefault, sponsored = false } = input;
  const path: KeyPath = ['tempo', 'tokens', name];
  const splits = (input.splits ?? []).map((split, index) => {
    const at = [...path, 'splits', index];
    if ((split.percent === undefined) === (split.amount === undefined))
      report(at, 'needs percent or amount, one of the two.');
    if (split.amount !== undefined) {
      const amount = baseUnits(split.amount, decimals);
      if (amount === undefined || amount < 1n)
        report(at, `has an amount that is no whole base unit of ${name}.`);
      return { recipient: split.recipient, amount: amount ?? 1n };
    }
    const basisPoints = Math.round((split.percent ?? 0) * 100);
    if (basisPoints < 1) report(at, 'has less than a hundredth of a percent.');
    return { recipient: split.recipient, basisPoints };
  });
  return { name, address: lowerHex(address), decimals, recipient, sponsored, splits };
}

function resolveFeePayer(
  input: NonNullable<TempoInput['fee_payer']>,
  tokens: readonly TempoTokenConfig[],
  absolute: Absolute,
  report: Report,
): TempoFeePayerConfig | undefined {
  const token = tokens.find(({ name }) => name === input.token);
  const budget = baseUnits(input.budget, token?.decimals ?? tokenDecimalsDefault);
  const feeMax = baseUnits(input.fee_max ?? feeMaxDefault, token?.decimals ?? tokenDecimalsDefault);
  if (token === undefined) report(['tempo', 'fee_payer', 'token'], 'is not under tempo.tokens.');
  if (budget === undefined || feeMax === undefined)
    report(['tempo', 'fee_payer'], 'has an amount with more digits than the token has decimals.');
  if (token === undefined || budget === undefined || feeMax === undefined) return undefined;
  const window = input.budget_window === undefined ? undefined : parseDuration(input.budget_window);
  return {
    keyFile: absolute(input.key_file),
    tokenAddress: token.address,
    budget,
    budgetWindowMs: window ?? budgetWindowMsDefault,
    feeMax,
  };
}

function lowerHex(address: string): string {
  return /^0x[0-9a-f]{40}$/i.test(address) ? address.toLowerCase() : address;
}

/** What prices may be in beside satoshis. */
export interface PriceUnits {
  readonly tempo: TempoConfig | undefined;
  /** Currencies for which there is a rate. */
  readonly currencies: ReadonlySet<string>;
}

/** The rows of a route's price table. Each is paid in the same ways as the route, or in some of them. */
export function resolvePriceRows(
  route: ConfigInput['routes'][number],
  offers: readonly Offer[],
  units: PriceUnits,
  path: KeyPath,
  report: Report,
): PriceRow[] {
  const rows = route.prices ?? [];
  if (rows.length > 0 && offers.length === 0)
    report(path, 'stands beside price: free; give price what the other requests cost.', true);
  return rows.map(({ when, price }, index) => {
    const at = [...path, index, 'price'];
    const own = resolveOffers({ ...route, price }, units, at, report);
    const strange = own.find(({ method }) => !offers.some((offer) => offer.method === method));
    if (own.length === 0 && price === 'free')
      report(at, 'is free; give what costs nothing a route of its own, with price: free.');
    else if (strange !== undefined && offers.length > 0)
      report(at, `is paid by ${strange.method}, which the price of the route is not; add it there.`);
    const { method, path: pattern, query, body, body_bytes: bodyBytesMin } = when;
    return {
      offers: own,
      when: {
        ...(method === undefined ? {} : { methods: typeof method === 'string' ? [method] : method }),
        ...(pattern === undefined ? {} : { path: pattern }),
        ...(query === undefined ? {} : { query }),
        ...(body === undefined ? {} : { body }),
        ...(bodyBytesMin === undefined ? {} : { bodyBytesMin }),
      },
    };
  });
}

/**
 * The offers of a route, in the order in which a client sees them: `lightning` last, because clients that know only that
 * take the last one.
 */
export function resolveOffers(
  route: Pick<ConfigInput['routes'][number], 'price' | 'description'>,
  { tempo, currencies }: PriceUnits,
  path: KeyPath,
  report: Report,
): Offer[] {
  const description = route.description === undefined ? {} : { description: route.description };
  const texts = typeof route.price === 'string' ? [route.price] : route.price;
  const offers: Offer[] = [];
  for (const text of texts) {
    const price = parsePrice(text);
    if (price?.kind === 'free' && texts.length > 1)
      report(path, 'is free beside other prices; write free alone.');
    if (price?.kind === 'sat')
      offers.push({ method: 'lightning', intent: 'charge', price: price.amount, ...description });
    if (price?.kind === 'msat')
      report(
        path,
        `is ${text}, but a lightning charge counts whole satoshis; write a whole number of sat, or of thousands of msat.`,
      );
    if (price?.kind !== 'token') continue;
    if (currencies.has(price.token)) {
      const millionths = baseUnits(price.decimal, fiatDecimals);
      if (millionths === undefined) report(path, `has more than ${fiatDecimals} digits after the point.`);
      else if (millionths < 1n) report(path, 'is nothing; write free.');
      else
        offers.push({
          method: 'lightning',
          intent: 'charge',
          price: fiatAmount(price.token, millionths),
          ...description,
        });
      continue;
    }
    const token = tempo?.tokens.find(({ name }) => name === price.token);
    const amount = token === undefined ? undefined : baseUnits(price.decimal, token.decimals);
    if (token === undefined) report(path, `is in ${price.token}, which is not under tempo.tokens or rates.`);
    else if (amount === undefined) report(path, `has more than ${token.decimals} digits after the point.`);
    else
      offers.push({
        method: 'tempo',
        intent: 'charge',
        price: { amount, currency: token.address },
        ...description,
      });
  }
  // One invoice is all that a lightning charge can offer, whatever its price was written in.
  const kinds = offers.map(({ method, price }) =>
    method === 'lightning' ? method : `${method} ${price.currency}`,
  );
  if (new Set(kinds).size !== kinds.length) report(path, 'names one way of paying twice; keep one of them.');
  return offers.sort((a, b) => Number(a.method === 'lightning') - Number(b.method === 'lightning'));
}
