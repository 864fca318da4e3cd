/** What a registry is asked to do. */
export interface RegistryOrder {
  /** Names the order for good: a registry that has carried it out once does nothing the second time. */
  readonly key: string;
  readonly kind: 'register' | 'renew';
  readonly fqdn: string;
  readonly years: number;
  /** `agt_…` */
  readonly owner: string;
}

/**
 * What became of it.
 *
 * done     carried out, now or before
 * refused  not carried out, and it never will be
 * unknown  no telling: it may have been
 */
export type RegistryOutcome = 'done' | 'refused' | 'unknown';

/** Where names really are registered. */
export interface Registry {
  readonly name: string;
  /** Carries an order out, once for each key, whatever happens. Never rejects: what is not known is `unknown`. */
  carryOut(order: RegistryOrder): Promise<RegistryOutcome>;
}

/** The registry that is this registrar: a name is registered when the store says so. */
export const builtInRegistry: Registry = {
  name: 'built-in',
  carryOut: () => Promise.resolve('done'),
};
