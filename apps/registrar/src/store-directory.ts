import type { DomainDirectory, DomainView, NamespaceView } from './directory.js';
import { domainStateAt, graceMs } from './life/domain-life.js';
import type { Namespace } from './names/namespace.js';
import { decimalUsd } from './names/price.js';
import type { Database, Sql } from './store/database.js';
import { domainsIn, findDomain, type OwnedDomain, readSerial, recordsOf } from './store/domains.js';

/** Names read at a time. */
const pageRows = 200;

/** What the directory is read from. */
export interface StoreDirectoryOptions {
  readonly db: Database;
  readonly namespaces: ReadonlyMap<string, Namespace>;
  /** What prices are written in: `pathUSD`. */
  readonly currency: string;
  readonly lightning: boolean;
  readonly now: () => number;
}

/** Reads registered names from the registrar's store. */
export function storeDirectory({
  db,
  namespaces,
  currency,
  lightning,
  now,
}: StoreDirectoryOptions): DomainDirectory {
  const views = [...namespaces.values()].map((each) => namespaceView(each, currency, lightning));
  return {
    namespaces: () => views,
    find: (fqdn) =>
      db.read(async (sql) => {
        const nowMs = now();
        const owned = await findDomain(sql, fqdn, nowMs);
        return owned && viewOf(sql, owned, nowMs);
      }),
    async *all(namespace) {
      for (let after = ''; ; ) {
        const page = await db.read(async (sql) => {
          const nowMs = now();
          const views: DomainView[] = [];
          for (const owned of await domainsIn(sql, namespace, after, pageRows, nowMs))
            views.push(await viewOf(sql, owned, nowMs));
          return views;
        });
        yield* page;
        const last = page.at(-1);
        if (last === undefined || page.length < pageRows) return;
        after = last.name;
      }
    },
    serial: (namespace) => db.read((sql) => readSerial(sql, namespace)),
  };
}

function namespaceView(namespace: Namespace, currency: string, lightning: boolean): NamespaceView {
  const { name, nameServers, contact, agentPrice } = namespace;
  const prices = [`${decimalUsd(agentPrice.usdMicros)} ${currency}`];
  if (lightning && agentPrice.sats !== undefined) prices.push(`${agentPrice.sats} sat`);
  return { name, nameServers, contact, prices };
}

async function viewOf(sql: Sql, owned: OwnedDomain, nowMs: number): Promise<DomainView> {
  const { fqdn, name, namespace, owner, registeredMs, expiresMs, profile } = owned;
  const state = domainStateAt(expiresMs, nowMs);
  return {
    ...{ fqdn, name, namespace, owner, registeredMs, expiresMs, profile },
    graceEndsMs: expiresMs + graceMs,
    // `findDomain` and `domainsIn` leave out what was released.
    status: state === 'released' ? 'grace' : state,
    records: await recordsOf(sql, fqdn),
  };
}
