export {
  type ClientAddress,
  createClientAddress,
  hopsMax,
  type Network,
  parseNetwork,
} from './client-address.js';
export { logLevelVariable, registerServe } from './command.js';
export type {
  AdminConfig,
  FreeQuotaConfig,
  KeyStoreConfig,
  KeysConfig,
  RouteAccessConfig,
} from './config/access-config.js';
export * from './config/config.js';
export { parseDuration } from './config/duration.js';
export { ConfigError, type ConfigIssue } from './config/error.js';
export { exampleConfig } from './config/example.js';
export { configJsonSchema } from './config/json-schema.js';
export type { ListenAddress } from './config/listen.js';
export { type ConfigSource, checkConfig, loadConfig, parseConfig } from './config/load.js';
export { type Match, parseMatch, ROUTE_METHODS, type RouteMethod } from './config/match.js';
export { NodeConfigError, openNode } from './config/node.js';
export { type Price, parsePrice, priceSatMax } from './config/price.js';
export type { ConfigInput } from './config/schema.js';
export { SecretError, secretVariable } from './config/secrets.js';
export { createGateway, drainMsMax, type Gateway, type GatewayDependencies } from './gateway.js';
export type { Alive, Health, PartState, Ready } from './health.js';
export * from './keys/index.js';
export { ledgerUrl } from './ledger.js';
export type { CalendarUnit, LimitWindow, Plan, WindowLength } from './limits/window.js';
export { createLogger, LOG_LEVELS, type Logger, type LogLevel } from './log.js';
export type { Exposition } from './metrics/exposition.js';
export type { Meter, ProofCounts, RouteCounts } from './metrics/meter.js';
export { ReloadError } from './operate/fixed.js';
export { HeaderValueError } from './operate/header-values.js';
export type { NextConfig, Reloaded } from './operate/reload.js';
export { TlsError } from './operate/tls.js';
export type { Listening } from './server.js';
