import type { Challenge } from './challenge.js';
import type { JsonObject } from './json.js';

/**
 * What a client presents: the echoed challenge and the method's proof
 * (draft-httpauth-payment-00 §"Credentials (Authorization)").
 */
export interface Credential {
  /** The echo. Nothing in it may be trusted until its id has been recomputed. */
  readonly challenge: Challenge;
  /** Payer identifier, RECOMMENDED a DID. */
  readonly source?: string;
  /** The method's proof of payment. Secret: never logged, never echoed. */
  readonly payload: JsonObject;
}
