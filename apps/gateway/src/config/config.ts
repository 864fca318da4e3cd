import { type Effect, type MintBudgetOptions, settledLateMsMax } from '@farebox/gate';
import type { NodeConfig as LightningNodeConfig } from '@farebox/lightning/nodes';
import type { Offer } from '@farebox/protocol';
import type { TokenTerms } from '@farebox/tempo';
import type { Network } from '../client-address.js';
import type { ForwardedStyle } from '../http/forwarder.js';
import type { PriceRow } from '../price/price-table.js';
import type { RateConfig } from '../price/rates.js';
import type { AdminConfig, KeysConfig, RouteAccessConfig } from './access-config.js';
import type { TemplatePart } from './header-template.js';
import type { ListenAddress } from './listen.js';
import type { Match } from './match.js';
import type { CatalogConfig, RouteCatalogConfig } from './resolve-catalog.js';

/** The configuration of a gateway, checked, with its defaults filled in and its paths made absolute. */
export interface GatewayConfig {
  readonly realm: string;
  readonly listen: ListenAddress;
  /** Undefined: clients come over plain HTTP. */
  readonly tls: TlsConfig | undefined;
  /** Where metrics are served; undefined: nowhere. */
  readonly metricsListen: ListenAddress | undefined;
  /** How upstreams are told where a request came from. */
  readonly forwarded: ForwardedStyle;
  /** Secrets written into the file itself, newest first. */
  readonly secrets: readonly string[];
  /** Absolute path of a file with one secret a line. */
  readonly secretFile: string | undefined;
  readonly ledger: LedgerConfig;
  readonly redemption: RedemptionConfig;
  readonly node: NodeConfig | undefined;
  /** Undefined: every invoice is made when it is asked for. */
  readonly pool: PoolConfig | undefined;
  readonly tempo: TempoConfig | undefined;
  readonly rates: readonly RateConfig[];
  /** Proxies whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly Network[];
  /** Undefined: unpaid challenges are not limited. */
  readonly mintBudget: MintBudgetOptions | undefined;
  readonly upstreams: ReadonlyMap<string, UpstreamConfig>;
  readonly routes: readonly RouteConfig[];
  /** Undefined: the gateway says nothing about what it sells. */
  readonly catalog: CatalogConfig | undefined;
  /** Undefined: nothing is said to pages of other origins. */
  readonly cors: CorsConfig | undefined;
  /** Undefined: access is not sold by key. */
  readonly keys: KeysConfig | undefined;
  /** Undefined: there is no admin API. */
  readonly admin: AdminConfig | undefined;
  readonly strict402: boolean;
  readonly unavailableStatus: 500 | 503;
  readonly challengeLifeMs: number;
  readonly healthz: boolean;
  readonly limits: LimitsConfig;
}

/** Which pages of other origins may buy. */
export interface CorsConfig {
  /** As browsers write them. */
  readonly origins: '*' | ReadonlySet<string>;
  /** For how long a browser may remember that it may ask. */
  readonly maxAgeSeconds: number;
}

/** Where claims and books are kept. */
export type LedgerConfig =
  | {
      readonly kind: 'sqlite';
      /** Absolute, or `:memory:`. */
      readonly path: string;
    }
  | {
      readonly kind: 'postgres';
      /** It may hold a password; undefined: `urlFile` has it. */
      readonly url: string | undefined;
      /** Absolute path of a file whose one line is the URL. */
      readonly urlFile: string | undefined;
      readonly schema: string | undefined;
    };

/** How far a payment goes that was not delivered at once, and how long the ledger keeps what. */
export interface RedemptionConfig {
  readonly redeliveriesMax: number;
  readonly attemptsMax: number;
  readonly creditWindowMs: number;
  readonly replayWindowMs: number;
  readonly retentionMs: number;
  readonly acceptPaidInTime: boolean;
}

/** Which Lightning node is paid. */
export type NodeConfig = DevnetConfig | LightningNodeConfig;

/** Invoices that are kept ready. What is undefined is as the pool has it. */
export interface PoolConfig {
  readonly size: number | undefined;
  readonly ageMsMax: number | undefined;
}

/** The devnet of this machine. */
export interface DevnetConfig {
  readonly kind: 'devnet';
  readonly url: string | undefined;
  /** Absolute path. */
  readonly tokenFile: string | undefined;
}

/** How payments on Tempo are taken. Without a node, on the chain of the devnet that runs on this machine. */
export interface TempoConfig {
  readonly rpcUrl: string | undefined;
  /** Absolute path of a file whose one line is the URL. */
  readonly rpcFile: string | undefined;
  /** Undefined: no node is named, and the devnet's chain is taken. */
  readonly chainId: number | undefined;
  readonly tokens: readonly TempoTokenConfig[];
  readonly push: boolean;
  readonly feePayer: TempoFeePayerConfig | undefined;
}

/** One token that prices may be in. Amounts are in its base units. */
export interface TempoTokenConfig extends TokenTerms {
  readonly name: string;
  /** Lower case where it is hex. */
  readonly address: string;
  readonly decimals: number;
}

/** Who pays the buyers' fees. Amounts are in base units of the token. */
export interface TempoFeePayerConfig {
  /** Absolute path. */
  readonly keyFile: string;
  readonly tokenAddress: string;
  readonly budget: bigint;
  readonly budgetWindowMs: number;
  readonly feeMax: bigint;
}

/** One server behind the gateway. */
export interface UpstreamConfig {
  readonly name: string;
  /** Scheme, host and port. */
  readonly origin: string;
  /** Goes in front of every path; empty or `/…` without a slash at its end. */
  readonly basePath: string;
  readonly connectTimeoutMs: number;
  readonly headersTimeoutMs: number;
  readonly idleTimeoutMs: number;
  /** For a whole exchange; Infinity: as long as it moves. */
  readonly totalTimeoutMs: number;
  readonly connections: number;
  /** Absolute path of certificates to trust; undefined: those of Node. */
  readonly caFile: string | undefined;
  readonly headers: HeaderChangesConfig;
  readonly responseHeaders: HeaderChangesConfig;
}

/** What is changed in a header section. */
export interface HeaderChangesConfig {
  readonly set: readonly HeaderTemplate[];
  readonly remove: readonly string[];
}

/** A header field whose value is put together when the gateway starts or reloads. */
export interface HeaderTemplate {
  readonly name: string;
  /** Paths are absolute. */
  readonly parts: readonly TemplatePart[];
}

/** TLS for clients. Paths are absolute. */
export interface TlsConfig {
  readonly certFile: string;
  readonly keyFile: string;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
}

/** One route. */
export interface RouteConfig {
  readonly match: Match;
  readonly upstream: string;
  /** For the invoice, the challenge and the catalogue. */
  readonly description: string | undefined;
  readonly catalog: RouteCatalogConfig;
  readonly access: RouteAccessConfig;
  /** Empty for a free route. */
  readonly offers: readonly Offer[];
  /** Prices of some of its requests; the first that fits counts. */
  readonly priceRows: readonly PriceRow[];
  /** Undefined: by request method. */
  readonly effect: Effect | undefined;
  readonly chargeOn: 'success' | 'any-response';
  readonly onUnknown: 'hold' | 'ask-again';
  /** Largest body of a paid request, bytes. */
  readonly bodyBytesMax: number;
  /** Largest body that passes without payment, bytes; undefined: any, it streams. */
  readonly passedBytesMax: number | undefined;
  readonly stripPrefix: string;
  /** Shadow mode: what would be charged is counted, and nothing is. */
  readonly shadow: boolean;
  readonly headers: HeaderChangesConfig;
  readonly responseHeaders: HeaderChangesConfig;
}

/** Limits on requests. */
export interface LimitsConfig {
  readonly headerBytesMax: number;
  readonly bodyBytesMax: number;
}

/** Default listening address. */
export const listenDefault = '127.0.0.1:8402';
/** Default life of a challenge. */
export const challengeLifeMsDefault = 5 * 60_000;
/** Shortest life of a challenge: a payment must have time to arrive. */
export const challengeLifeMsMin = 10_000;
/** Longest life of a challenge. */
export const challengeLifeMsMax = 24 * 3_600_000;
/** Default time for connecting to an upstream. */
export const connectTimeoutMsDefault = 5_000;
/** Default time until an upstream's header section. */
export const headersTimeoutMsDefault = 30_000;
/** Default time that an upstream's body may pause. */
export const idleTimeoutMsDefault = 60_000;
/** Default number of connections to one upstream. */
export const connectionsDefault = 256;
/** Default size of the largest header section. */
export const headerBytesMaxDefault = 16_384;
/** Default time for which a credit may be redeemed. */
export const creditWindowMsDefault = 90 * 24 * 3_600_000;
/** Default time for which finished claims are kept. */
export const retentionMsDefault = 400 * 24 * 3_600_000;
/** A claim that left earlier could be forgotten while its credential may still be shown to have been paid in time. */
export const retentionMsMin = settledLateMsMax + challengeLifeMsMax;
/** Default size of the largest body of a paid request: it is held in memory, because its digest is bound. */
export const bodyBytesMaxDefault = 1_048_576;
