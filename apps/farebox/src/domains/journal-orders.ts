import { existsSync } from 'node:fs';
import { parseJsonObject } from '@farebox/protocol';
import type { Journal, JournalEntry } from '@farebox/wallet';
import type { Home } from '../home.js';

/** What is bought of a registrar. */
export type OrderKind = 'register' | 'renew';

/** Where each is bought (seeds B.3). */
export const orderPaths = {
  register: '/api/v1/domains/register',
  renew: '/api/v1/renew',
} as const satisfies Record<OrderKind, string>;

/** Paths that mean the same. */
const kinds: ReadonlyMap<string, OrderKind> = new Map([
  [orderPaths.register, 'register'],
  [orderPaths.renew, 'renew'],
  ['/api/v1/domains/renew', 'renew'],
]);

/** An order of the journal that is not finished: it was paid for, or may have been, and not delivered. */
export interface UnfinishedOrder {
  readonly entry: JournalEntry;
  readonly origin: string;
  readonly kind: OrderKind;
  /** Undefined where its body is not ours to read. */
  readonly fqdn: string | undefined;
}

/** What an entry of the journal ordered; undefined for payments for something else. */
export function orderOf(entry: JournalEntry): UnfinishedOrder | undefined {
  const { request } = entry;
  if (request === undefined || request.method !== 'POST' || !URL.canParse(request.url)) return undefined;
  const { origin, pathname } = new URL(request.url);
  const kind = kinds.get(pathname);
  if (kind === undefined) return undefined;
  return { entry, origin, kind, fqdn: request.body && nameIn(request.body) };
}

function nameIn(body: Uint8Array): string | undefined {
  const order = parseJsonObject(Buffer.from(body).toString('utf8'));
  const text = (name: string) => {
    const value = order?.[name];
    return typeof value === 'string' && value !== '' ? value.toLowerCase() : undefined;
  };
  const domain = text('domain');
  if (domain === undefined) return undefined;
  const namespace = text('namespace') ?? text('tld');
  return namespace === undefined || domain.endsWith(`.${namespace}`) ? domain : `${domain}.${namespace}`;
}

/** The orders that are not finished, those of one registrar or for one name only when asked. */
export function unfinishedOrders(
  journal: Journal,
  only: { readonly origin?: string; readonly fqdn?: string } = {},
): readonly UnfinishedOrder[] {
  return journal
    .unfinished()
    .map(orderOf)
    .filter((order) => order !== undefined)
    .filter(({ origin }) => only.origin === undefined || origin === only.origin)
    .filter(({ fqdn }) => only.fqdn === undefined || fqdn === undefined || fqdn === only.fqdn);
}

/** The same, from this home's journal. Where there is none, nothing was ordered, and none is made for the question. */
export async function openUnfinished(
  home: Home,
  only: { readonly origin?: string; readonly fqdn?: string },
): Promise<readonly UnfinishedOrder[]> {
  if (!existsSync(home.journal)) return [];
  const { openJournal } = await import('@farebox/wallet/journal-sqlite');
  const journal = openJournal({ path: home.journal });
  try {
    return unfinishedOrders(journal, only);
  } finally {
    journal.close();
  }
}
