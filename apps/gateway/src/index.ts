export {
  type ClientAddress,
  createClientAddress,
  hopsMax,
  type Network,
  parseNetwork,
} from './client-address.js';
export { logLevelVariable, registerServe } from './command.js';
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
export { ledgerUrl } from './ledger.js';
export { createLogger, LOG_LEVELS, type Logger, type LogLevel } from './log.js';
export type { Listening } from './server.js';
