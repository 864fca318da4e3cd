export * from './directory.js';
export type { Coupon, LaunchPhase, Namespace, YearPrice } from './names/namespace.js';
export { type Reconciled, reconcileOrders } from './reconcile.js';
export {
  createRegistrar,
  limitsDefault,
  lockLifeMsDefault,
  type Registrar,
  type RegistrarLimits,
  type RegistrarOptions,
} from './registrar.js';
export { type HttpRegistryOptions, httpRegistry } from './registry/http-registry.js';
export {
  builtInRegistry,
  type Registry,
  type RegistryOrder,
  type RegistryOutcome,
} from './registry/registry.js';
export type { Desk, PayingTerms, SaleToken } from './sell/desk.js';
export { type Database, StoreError } from './store/database.js';
export { openStore, type StoreConfig } from './store/open.js';
