import type { MintBudget } from '@farebox/gate';
import type { HttpBindings } from '@hono/node-server';
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { DomainDirectory } from '../directory.js';
import type { Accounts } from '../identity/accounts.js';
import type { Desk } from '../sell/desk.js';
import type { ClientAddress } from './client-address.js';

/** What the API is made of. */
export interface ApiParts {
  readonly desk: Desk;
  readonly accounts: Accounts;
  readonly directory: DomainDirectory;
  readonly clientAddress: ClientAddress;
  /** False: a body without `agreed_to_terms` is taken, as the seed's own example has none. */
  readonly termsRequired: boolean;
  readonly limits: ApiLimits;
  /** Webhooks may be on this machine and over plain HTTP: for tests and development. */
  readonly webhooksLocal: boolean;
}

/** How often what may be asked from one address. */
export interface ApiLimits {
  readonly provision: MintBudget;
  readonly search: MintBudget;
  /** Orders, with or without a payment, before anything is looked up. */
  readonly order: MintBudget;
}

/** What a handler has: node's own request and response. */
export type Env = { readonly Bindings: HttpBindings };
/** The app that routes are mounted on. */
export type ApiApp = OpenAPIHono<Env>;
/** One request. */
export type ApiContext = Context<Env>;
