import { createHmac, hash, randomBytes } from 'node:crypto';

/** Bytes of a secret that we make. */
const secretBytes = 32;
/** What keys begin with unless the configuration says otherwise. */
export const keyPrefixDefault = 'hd_agent_';
/** Longest key that is looked at. */
export const keyCharsMax = 200;

/** `agt_` and 20 random hex characters, and so on for other kinds. */
export function newId(kind: 'agt' | 'ord' | 'rec' | 'whk' | 'evt' | 'chk'): string {
  return `${kind}_${randomBytes(10).toString('hex')}`;
}

/** A new key. It is shown once and never stored: only its {@link secretHash} is. */
export function newKey(prefix: string): string {
  return prefix + randomBytes(secretBytes).toString('base64url');
}

/** A new one-time code with which a person takes an agent for theirs. */
export function newClaimCode(): string {
  return `claim_${randomBytes(16).toString('base64url')}`;
}

/** What is stored of a key or code: they are long and random, so a plain hash is enough. */
export function secretHash(secret: string): string {
  return hash('sha256', secret, 'hex');
}

/**
 * The key of an agent that was made from a payment. It is derived, not drawn, so that a repeated answer can show it again
 * without anybody having stored it: only who holds the credential of that challenge is ever answered so.
 */
export function derivedKey(prefix: string, serverSecret: string, challengeId: string): string {
  return prefix + derived(serverSecret, `registrar agent key\n${challengeId}`).toString('base64url');
}

/** The claim code of such an agent, derived in the same way and for the same reason. */
export function derivedClaimCode(serverSecret: string, challengeId: string): string {
  const mac = derived(serverSecret, `registrar claim code\n${challengeId}`);
  return `claim_${mac.subarray(0, 16).toString('base64url')}`;
}

function derived(serverSecret: string, what: string): Buffer {
  return createHmac('sha256', serverSecret).update(what).digest();
}
