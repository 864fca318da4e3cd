import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TempoDevnet } from '@farebox/devnet/tempo';
import { openSqliteLedger, type SqliteLedger } from '@farebox/ledger';
import { lightningSeller } from '@farebox/lightning';
import { PaperNode } from '@farebox/lightning/paper';
import type { SellerMethod } from '@farebox/protocol';
import { createTempoSeller, httpRpc, newPrivateKey, ownAccount } from '@farebox/tempo';
import type { DocumentSettings } from '../documents/settings.js';
import type { Coupon, Namespace } from '../names/namespace.js';
import { createRegistrar, type Registrar, type RegistrarOptions } from '../registrar.js';
import type { Database } from '../store/database.js';
import { openSqliteStore } from '../store/sqlite.js';

export const secret = 'a secret of the tests, long enough to sign';
export const realm = 'https://names.test';

const plainPrice = { usdMicros: 520_000n, sats: 1_000n };

/** A namespace of the tests. */
export function namespaceOf(name: string, more: Partial<Namespace> = {}): Namespace {
  return {
    name,
    agentPrice: plainPrice,
    humanPrice: { usdMicros: 26_000_000n, sats: undefined },
    renewalPrice: plainPrice,
    reserved: new Map([['trademark', 'trademark']]),
    premium: new Map([['gold', { usdMicros: 100_000_000n, sats: 200_000n }]]),
    phases: [{ name: 'general', untilMs: undefined, multiplier: 1n, open: true }],
    nameServers: [`ns1.${name}.`],
    contact: `hostmaster.${name}.`,
    ...more,
  };
}

export const freeCoupon: Coupon = {
  ...{ code: 'FREE', percent: 100n, usesMax: 2, namespaces: undefined, untilMs: undefined },
};
export const halfCoupon: Coupon = {
  ...{ code: 'HALF', percent: 50n, usesMax: undefined, namespaces: new Set(['agent']), untilMs: undefined },
};

/** Limits that no test meets by accident. */
const open = { perSecond: 100_000, burst: 100_000 };
export const noLimits = {
  provision: { client: open, global: open },
  search: { client: open, global: open },
  order: { client: open, global: open },
  mint: { client: open, global: open },
};

/** What the documents of the tests say. */
export const documentsOf: DocumentSettings = {
  origin: realm,
  title: 'Names of the tests',
  keyPrefix: 'hd_agent_',
  payment: { tempoChainId: 4217, lightning: true, balance: true },
  termsRequired: false,
  lockLifeMs: 600_000,
};

/** What a rig may be told. */
export interface RigOptions extends Partial<RegistrarOptions> {
  /** A Tempo chain that several rigs share; without it, names are sold over Lightning only. */
  readonly chain?: TempoDevnet | undefined;
  /** Where the files are; a temporary folder, removed at the end, when left out. */
  readonly folder?: string | undefined;
}

/** A running registrar: real store, real ledger, real sockets, Lightning invoices of a node that only writes paper. */
export interface Rig {
  readonly url: string;
  readonly registrar: Registrar;
  readonly db: Database;
  readonly ledger: SqliteLedger;
  readonly node: PaperNode;
  readonly chain: TempoDevnet | undefined;
  readonly recipient: string;
  readonly clock: { nowMs: number };
  readonly faults: string[];
  /** Ends and begins again on the same files, with other options if any. */
  restart(more?: Partial<RegistrarOptions>): Promise<void>;
  close(): Promise<void>;
}

export async function openRig(options: RigOptions = {}): Promise<Rig> {
  const { chain, folder: given, ...more } = options;
  const folder = given ?? (await mkdtemp(join(tmpdir(), 'farebox-registrar-')));
  const clock = { nowMs: Date.now() };
  const node = new PaperNode({ now: () => clock.nowMs });
  const recipient = ownAccount({ privateKey: newPrivateKey() }).address;
  const rpc = chain && httpRpc({ url: chain.url });
  const faults: string[] = [];
  const methods: SellerMethod[] = [lightningSeller({ node, network: 'regtest' })];
  if (chain !== undefined && rpc !== undefined) {
    const tokens = { [chain.tokens.pathUsd]: { recipient } };
    methods.unshift(createTempoSeller({ rpc, chainId: chain.chainId, tokens }));
  }
  const tempo = chain && {
    chainId: chain.chainId,
    tokens: [{ name: 'pathUSD', address: chain.tokens.pathUsd, recipient }],
  };
  const start = async (extra: Partial<RegistrarOptions> = {}) => {
    const db = openSqliteStore(join(folder, 'registrar.db'));
    const ledger = await openSqliteLedger({ path: join(folder, 'ledger.db') });
    const registrar = createRegistrar({
      ...{ realm, secrets: [secret], db, ledger, methods },
      namespaces: [namespaceOf('agent'), namespaceOf('chatbot')],
      coupons: [freeCoupon, halfCoupon],
      paying: { tempo, lightning: true, usdMicrosPerGem: 520_000n },
      limits: noLimits,
      termsRequired: false,
      webhooksLocal: true,
      documents: documentsOf,
      now: () => clock.nowMs,
      // Time passes when the clock is moved on here: nobody set it wrong.
      elapsed: () => clock.nowMs,
      onFault: (what, error) => faults.push(`${what}: ${String(error)}`),
      ...more,
      ...extra,
    });
    const { url } = await registrar.listen('127.0.0.1', 0);
    return { db, ledger, registrar, url };
  };
  let running = await start();
  const stop = async () => {
    await running.registrar.close();
    await running.ledger.close();
    await running.db.close();
  };
  return {
    get url() {
      return running.url;
    },
    get registrar() {
      return running.registrar;
    },
    get db() {
      return running.db;
    },
    get ledger() {
      return running.ledger;
    },
    ...{ node, chain, recipient, clock, faults },
    async restart(extra) {
      await stop();
      running = await start(extra);
    },
    async close() {
      await stop();
      rpc?.close();
      if (given === undefined) await rm(folder, { recursive: true });
    },
  };
}
