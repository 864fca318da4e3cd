import { createGate, createMintBudget, type GateEvent, type MintBudgetOptions } from '@farebox/gate';
import type { Ledger } from '@farebox/ledger';
import type { SellerMethod } from '@farebox/protocol';
import { getRequestListener } from '@hono/node-server';
import { createApp } from './api/app.js';
import { createClientAddress } from './api/client-address.js';
import type { ApiApp } from './api/context.js';
import { mountPages } from './api/pages.js';
import type { DomainDirectory } from './directory.js';
import { mountDocuments } from './documents/mount.js';
import type { DocumentSettings } from './documents/settings.js';
import { createFront } from './front.js';
import { startHousekeeping } from './housekeeping.js';
import { createAccounts } from './identity/accounts.js';
import { keyPrefixDefault } from './identity/secrets.js';
import type { Coupon, Namespace } from './names/namespace.js';
import { builtInRegistry, type Registry } from './registry/registry.js';
import type { Desk, PayingTerms } from './sell/desk.js';
import { type LockCaps, locksPerClientDefault, locksPerHolderDefault } from './sell/plan.js';
import { RefusedOrders } from './sell/presentation.js';
import type { Database } from './store/database.js';
import { storeDirectory } from './store-directory.js';
import { startCourier } from './webhooks/courier.js';

/** How long an order's challenges and its lock live, unless the configuration says otherwise. */
export const lockLifeMsDefault = 10 * 60_000;

/** How often what may be asked; each is told in gate's own words. */
export interface RegistrarLimits {
  /** New agents: 10 an hour from one address. */
  readonly provision: MintBudgetOptions;
  /** Searches and look-ups: one a second from one address, 60 at once. */
  readonly search: MintBudgetOptions;
  /** Unpaid orders. */
  readonly order: MintBudgetOptions;
  /** Unpaid challenges, before a node is asked for an invoice. */
  readonly mint: MintBudgetOptions;
}

/** Limits where the configuration says nothing. */
export const limitsDefault: RegistrarLimits = {
  provision: { client: { perSecond: 10 / 3_600, burst: 10 }, global: { perSecond: 10, burst: 200 } },
  search: { client: { perSecond: 1, burst: 60 }, global: { perSecond: 500, burst: 1_000 } },
  order: { client: { perSecond: 2, burst: 60 }, global: { perSecond: 200, burst: 1_000 } },
  mint: { client: { perSecond: 1, burst: 60 }, global: { perSecond: 50, burst: 500 } },
};

/** What a registrar is made of. What it is given stays the giver's: `close` leaves it open. */
export interface RegistrarOptions {
  /** The protection space and public origin: `https://names.example`. */
  readonly realm: string;
  /** HMAC secrets of at least 32 bytes, newest first. */
  readonly secrets: readonly string[];
  readonly db: Database;
  readonly ledger: Ledger;
  readonly methods: readonly SellerMethod[];
  readonly namespaces: readonly Namespace[];
  readonly coupons?: readonly Coupon[] | undefined;
  readonly paying: PayingTerms;
  readonly registry?: Registry | undefined;
  readonly caps?: LockCaps | undefined;
  readonly limits?: RegistrarLimits | undefined;
  readonly keyPrefix?: string | undefined;
  /** False takes an order without `agreed_to_terms`, as the seed's own example is. Default true. */
  readonly termsRequired?: boolean | undefined;
  readonly lockLifeMs?: number | undefined;
  readonly trustedProxies?: readonly string[] | undefined;
  readonly webhooksLocal?: boolean | undefined;
  readonly version?: string | undefined;
  readonly now?: (() => number) | undefined;
  /** Milliseconds on a clock that nobody sets. Default: the process's own. */
  readonly elapsed?: (() => number) | undefined;
  readonly onEvent?: ((event: GateEvent) => void) | undefined;
  readonly onFault?: ((what: string, error: unknown) => void) | undefined;
  /** What documents and pages say; undefined: there are none. */
  readonly documents?: DocumentSettings | undefined;
}

/** A registrar between its socket and its store. */
export interface Registrar {
  readonly app: ApiApp;
  readonly desk: Desk;
  readonly directory: DomainDirectory;
  /** Starts to listen. Rejects when the address is taken. */
  listen(host: string, port: number): Promise<{ readonly url: string; readonly port: number }>;
  /** Takes nothing new, finishes what is on its way, and stops. */
  close(): Promise<void>;
}

/**
 * Makes a registrar.
 *
 * @throws TypeError for a secret that is too short or a realm that is empty
 */
export function createRegistrar(options: RegistrarOptions): Registrar {
  const { db, ledger, realm, secrets, methods } = options;
  const now = options.now ?? Date.now;
  const limits = options.limits ?? limitsDefault;
  const keyPrefix = options.keyPrefix ?? keyPrefixDefault;
  const onFault = options.onFault ?? (() => {});
  const webhooksLocal = options.webhooksLocal ?? false;
  const gate = createGate({
    ...{ realm, secrets, methods, ledger, now },
    challengeLifeMs: options.lockLifeMs ?? lockLifeMsDefault,
    mintBudget: limits.mint,
    unavailableStatus: 503,
    // Whoever paid in time and comes late gets the name, or its price as balance.
    acceptPaidInTime: true,
    // An order is asked for again with its own id: there is no count after which a payment is worth nothing.
    attemptsMax: Number.MAX_SAFE_INTEGER,
    ...(options.onEvent === undefined ? {} : { onEvent: options.onEvent }),
  });
  const courier = startCourier(db, now, webhooksLocal, onFault);
  const desk: Desk = {
    ...{ db, gate, ledger, secrets, keyPrefix, realm, now, onFault },
    registry: options.registry ?? builtInRegistry,
    namespaces: new Map(options.namespaces.map((each) => [each.name, each])),
    coupons: new Map((options.coupons ?? []).map((each) => [each.code, each])),
    paying: options.paying,
    caps: options.caps ?? { perHolder: locksPerHolderDefault, perClient: locksPerClientDefault },
    eventsWaiting: () => courier.wake(),
    presented: new Map(),
    refusedOrders: new RefusedOrders(),
  };
  const [token] = options.paying.tempo?.tokens ?? [];
  const directory = storeDirectory({
    ...{ db, namespaces: desk.namespaces, now, lightning: options.paying.lightning },
    currency: token?.name ?? 'USD',
  });
  const parts = {
    ...{ desk, directory, webhooksLocal },
    accounts: createAccounts(db, keyPrefix, now),
    clientAddress: createClientAddress(options.trustedProxies ?? []),
    termsRequired: options.termsRequired ?? true,
    limits: {
      provision: createMintBudget(limits.provision),
      search: createMintBudget(limits.search),
      order: createMintBudget(limits.order),
    },
  };
  const app = createApp(parts, options.version ?? '1.0.0');
  if (options.documents !== undefined) {
    mountDocuments(app, directory, options.documents);
    mountPages(app, parts, options.documents);
  }
  const told = { released: courier.wake, fault: onFault };
  const housekeeping = startHousekeeping(db, ledger, now, told, options.elapsed);
  const front = createFront(getRequestListener(app.fetch, { overrideGlobalObjects: false }));
  return {
    ...{ app, desk, directory },
    listen: front.listen,
    async close() {
      await front.close();
      await housekeeping.stop();
      await courier.close();
    },
  };
}
