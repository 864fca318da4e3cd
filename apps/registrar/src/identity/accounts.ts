import { type Agent, claimAgent, findKey, insertAgent, revokeKey } from '../store/agents.js';
import type { Database } from '../store/database.js';
import { keyCharsMax, newClaimCode, newId, newKey, secretHash } from './secrets.js';

/** Who a request comes from. `invalid`: it names somebody, wrongly. */
export type Identity =
  | { readonly kind: 'none' }
  | { readonly kind: 'agent'; readonly agent: Agent }
  | { readonly kind: 'invalid'; readonly why: string };

/** A new agent with what is shown once. */
export interface Provisioned {
  readonly agent: { readonly id: string; readonly name: string | undefined };
  readonly apiKey: string;
  readonly claimCode: string;
}

/** Who the agents are. */
export interface Accounts {
  /** Makes an agent. Its key and its code are shown now and never again. */
  provision(name: string | undefined): Promise<Provisioned>;
  /**
   * Tells who sends a request. `X-API-Key` and a `Bearer` are looked at independently of any payment; where both are there
   * they must name the same.
   */
  identify(apiKey: string | undefined, authorizations: readonly string[]): Promise<Identity>;
  /** Takes a key back. Nobody is told whether it was one. */
  revoke(key: string): Promise<void>;
  /** A person takes an agent for theirs. */
  claim(code: string, human: string): Promise<Agent | undefined>;
}

/** Makes the {@link Accounts} of a store. */
export function createAccounts(db: Database, prefix: string, now: () => number): Accounts {
  async function whoseKey(key: string): Promise<Identity> {
    const wrong: Identity = { kind: 'invalid', why: 'This key is not known here, or was taken back.' };
    if (!key.startsWith(prefix) || key.length > keyCharsMax) return wrong;
    const agent = await db.read((sql) => findKey(sql, secretHash(key)));
    return agent === undefined || agent.revokedMs !== undefined ? wrong : { kind: 'agent', agent };
  }
  return {
    async provision(name) {
      const id = newId('agt');
      const [apiKey, claimCode] = [newKey(prefix), newClaimCode()];
      const hashes = { keyHash: secretHash(apiKey), claimHash: secretHash(claimCode) };
      await db.write((sql) => insertAgent(sql, { id, name, ...hashes, nowMs: now() }));
      return { agent: { id, name }, apiKey, claimCode };
    },
    async identify(apiKey, authorizations) {
      // A key without its scheme is meant to be one; who sends it is not nobody.
      if (authorizations.some((value) => value.startsWith(prefix)))
        return {
          kind: 'invalid',
          why: 'The key stands in Authorization without its scheme; send Bearer before it.',
        };
      const keys = authorizations
        .map((value) => /^Bearer +([A-Za-z0-9._~+/=-]+) *$/i.exec(value)?.[1])
        .concat(apiKey)
        .filter((key) => key !== undefined);
      const [key] = keys;
      if (key === undefined) return { kind: 'none' };
      if (keys.some((each) => each !== key))
        return { kind: 'invalid', why: 'X-API-Key and Authorization name two agents; send one of them.' };
      return whoseKey(key);
    },
    async revoke(key) {
      if (key.length > keyCharsMax) return;
      await db.write((sql) => revokeKey(sql, secretHash(key), now()));
    },
    claim: (code, human) => db.write((sql) => claimAgent(sql, secretHash(code), human)),
  };
}
