import { readFile } from 'node:fs/promises';
import type { SecureContextOptions } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';
import { createGate, type Gate, type GateEvent } from '@farebox/gate';
import type { Ledger } from '@farebox/ledger';
import type { SellerMethod } from '@farebox/protocol';
import { type DocumentsOf, readDocuments } from '../catalog/documents.js';
import { createClientOf } from '../clients.js';
import type { GatewayConfig, UpstreamConfig } from '../config/config.js';
import { every } from '../every.js';
import type { Live } from '../exchange/visit.js';
import { createForwarder } from '../http/forwarder.js';
import type { AccessDesk } from '../keys/desk.js';
import type { Logger } from '../log.js';
import { createRouteTable, type HeaderRulesOf } from '../route/table.js';
import { HttpUpstream } from '../upstream/http-upstream.js';
import { readHeaderRules } from './header-values.js';
import { readTls, TlsError } from './tls.js';

/** What outlives every configuration. */
export interface Ground {
  readonly ledger: Ledger;
  readonly methods: readonly SellerMethod[];
  readonly onEvent: (event: GateEvent) => void;
  readonly desk: AccessDesk;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly logger: Logger;
}

/** A configuration with all that is made of it. */
export interface Standing {
  readonly live: Live;
  readonly tls: SecureContextOptions | undefined;
  /** What the gate was made with; never shown. */
  readonly gateTerms: GateTerms;
  readonly pools: ReadonlyMap<string, Pool>;
}

interface Pool {
  /** What it was made of. Equal: it can be kept, with its connections. */
  readonly made: unknown;
  readonly upstream: HttpUpstream;
}

/** What a configuration only names, read from files and environment. */
export interface Materials {
  readonly secrets: readonly string[];
  readonly headerRulesOf: HeaderRulesOf;
  readonly tls: SecureContextOptions | undefined;
  /** Certificates that upstreams are trusted by, by the upstream's name. */
  readonly cas: ReadonlyMap<string, string>;
  /** Undefined: the catalogue is off. */
  readonly documentsOf: DocumentsOf | undefined;
}

/**
 * Reads what a configuration names. Opens nothing.
 *
 * @throws SecretError, HeaderValueError, TlsError, CatalogError; AggregateError that says all of them, where there are several
 */
export async function readMaterials(
  config: GatewayConfig,
  secretsOf: (config: GatewayConfig) => Promise<readonly string[]>,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Materials> {
  const [secrets, headerRulesOf, tls, cas, documentsOf] = await every([
    secretsOf(config),
    readHeaderRules(config, environment),
    config.tls === undefined ? Promise.resolve(undefined) : readTls(config.tls),
    readCas(config),
    readDocuments(config),
  ]);
  return { secrets, headerRulesOf, tls, cas, documentsOf };
}

/**
 * Makes everything of a configuration. What is the same as before is kept: the gate with what it remembers of unpaid
 * challenges, upstreams with their connections. Rejects and has changed nothing.
 *
 * @throws CatalogError
 */
export async function makeStanding(
  ground: Ground,
  config: GatewayConfig,
  materials: Materials,
  before: Standing | undefined,
): Promise<Standing> {
  const { tls, cas, secrets, headerRulesOf } = materials;
  const gateTerms = gateTermsOf(config, secrets);
  const pools = makePools(config, cas, before?.pools);
  const upstreams = new Map([...pools].map(([name, { upstream }]) => [name, upstream] as const));
  const gate =
    before !== undefined && isDeepStrictEqual(before.gateTerms, gateTerms)
      ? before.live.gate
      : makeGate(ground, gateTerms);
  const table = createRouteTable(config, upstreams, headerRulesOf);
  const live: Live = {
    config,
    gate,
    upstreams,
    table,
    clientOf: createClientOf(config.trustedProxies, config.mintBudget !== undefined, ground.logger),
    forwarder: createForwarder(config.trustedProxies, tls !== undefined, config.forwarded),
    documents: materials.documentsOf?.(table, ground.logger),
    access: await ground.desk.accessOf(config),
  };
  return { live, tls, gateTerms, pools };
}

/** The upstreams of `before` that nothing new is sent to. */
export function retired(before: Standing, after: Standing): HttpUpstream[] {
  const used = new Set([...after.pools.values()].map(({ upstream }) => upstream));
  return [...before.pools.values()].map(({ upstream }) => upstream).filter((upstream) => !used.has(upstream));
}

/** What of a configuration the gate is made of. */
type GateTerms = Pick<
  Parameters<typeof createGate>[0],
  | 'realm'
  | 'secrets'
  | 'challengeLifeMs'
  | 'strict402'
  | 'redeliveriesMax'
  | 'attemptsMax'
  | 'replayWindowMs'
  | 'acceptPaidInTime'
  | 'unavailableStatus'
  | 'mintBudget'
>;

function gateTermsOf(config: GatewayConfig, secrets: readonly string[]): GateTerms {
  const { realm, challengeLifeMs, strict402, redemption, unavailableStatus, mintBudget } = config;
  const { redeliveriesMax, attemptsMax, replayWindowMs, acceptPaidInTime } = redemption;
  return {
    ...{ realm, secrets, challengeLifeMs, strict402, redeliveriesMax, attemptsMax, replayWindowMs },
    acceptPaidInTime,
    unavailableStatus,
    ...(mintBudget === undefined ? {} : { mintBudget }),
  };
}

/** All gates on one ledger share what is known about the challenges at work, so one may take the place of another. */
function makeGate({ ledger, methods, now, onEvent }: Ground, terms: GateTerms): Gate {
  return createGate({ ...terms, methods, ledger, now, onEvent });
}

function makePools(
  config: GatewayConfig,
  cas: ReadonlyMap<string, string>,
  before: ReadonlyMap<string, Pool> | undefined,
): ReadonlyMap<string, Pool> {
  const pools = new Map<string, Pool>();
  for (const [name, upstream] of config.upstreams) {
    const ca = cas.get(name);
    const made = [poolTerms(upstream), ca];
    const known = before?.get(name);
    pools.set(
      name,
      known !== undefined && isDeepStrictEqual(known.made, made)
        ? known
        : { made, upstream: new HttpUpstream(upstream, { ca }) },
    );
  }
  return pools;
}

/** What of an upstream its connections depend on. */
function poolTerms(upstream: UpstreamConfig): unknown {
  const { origin, connectTimeoutMs, headersTimeoutMs, idleTimeoutMs, totalTimeoutMs, connections } = upstream;
  return [origin, connectTimeoutMs, headersTimeoutMs, idleTimeoutMs, totalTimeoutMs, connections];
}

async function readCas({ upstreams }: GatewayConfig): Promise<ReadonlyMap<string, string>> {
  const read = [...upstreams.values()].flatMap(({ name, caFile }) =>
    caFile === undefined ? [] : [readCa(caFile).then((pem) => [name, pem] as const)],
  );
  return new Map(await every(read));
}

async function readCa(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new TlsError(`The certificates in ${path} cannot be read; check its path and its mode.`, { cause });
  }
}
