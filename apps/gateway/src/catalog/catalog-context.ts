import type { CatalogConfig } from '../config/resolve-catalog.js';
import type { Operation } from './operation.js';
import { type PriceNames, type PriceWords, priceWords } from './price-words.js';
import type { SellerOpenapi } from './seller-openapi.js';

/** What all documents of a catalogue are made of. */
export interface CatalogContext extends PriceNames {
  readonly about: CatalogConfig;
  /** Name of the service: as configured, as in the seller's file, or its host. */
  readonly title: string;
  readonly description: string | undefined;
  readonly operations: readonly Operation[];
  readonly seller: SellerOpenapi | undefined;
  /** The header that an API key is sent in; undefined where none is taken. */
  readonly keyHeader: string | undefined;
}

/** Operations by their heading, in the order in which the headings come up. */
export function groupsOf(operations: readonly Operation[]): Map<string, Operation[]> {
  const groups = new Map<string, Operation[]>();
  for (const operation of operations) {
    const group = groups.get(operation.group);
    if (group === undefined) groups.set(operation.group, [operation]);
    else group.push(operation);
  }
  return groups;
}

/** True where a request of the operation costs something. In shadow mode nobody is charged. */
export function isPriced({ route }: Operation): boolean {
  return route.offers.length > 0 && !route.shadow;
}

/** What a request of the operation costs, in words. */
export function priceOf(operation: Operation, names: PriceNames): PriceWords {
  const { offers, priceRows } = operation.route;
  if (!isPriced(operation)) return priceWords([], [], names);
  const words = priceWords(offers, priceRows, names);
  const quota = freeQuotaWords(operation);
  return quota === undefined ? words : { ...words, short: `${words.short} (${quota})` };
}

/** `the first 100 requests of a client in a day are free`; undefined where none are. */
export function freeQuotaWords({ route }: Operation): string | undefined {
  const { free } = route.access;
  if (free === undefined) return undefined;
  const requests = free.requests === 1 ? 'the first request' : `the first ${free.requests} requests`;
  const verb = free.requests === 1 ? 'is' : 'are';
  return `${requests} of ${free.by === 'key' ? 'a key' : 'a client'} in ${free.per === 'hour' ? 'an' : 'a'} ${free.per} ${verb} free`;
}
