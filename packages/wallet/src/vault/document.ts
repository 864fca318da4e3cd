import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parseJsonObject,
  type Result,
  refuse,
} from '@farebox/protocol';
import { accountsMax, isAccountIndex, isAccountName } from './account-name.js';
import { readNode } from './node-part.js';
import { readTempoKey } from './tempo-part.js';

/** A Tempo key of an account. Secret. */
export interface VaultTempoKey {
  readonly keyType: 'secp256k1' | 'p256';
  readonly privateKey: `0x${string}`;
  /** Where it is derived from the vault's phrase: `m/44'/60'/0'/0/0`. Absent for a key that came from elsewhere. */
  readonly path?: string;
  /** The account that is spent from, where the key is an access key of it. */
  readonly rootAccount?: `0x${string}`;
  /** Its root key's permission, in hex, that the first payment carries. */
  readonly authorization?: `0x${string}`;
}

/** The Lightning node that pays for an account. The vault knows no kinds of node: it keeps what it is given. */
export interface VaultNode {
  /** Such as `lnd`. */
  readonly kind: string;
  /** How it is reached, without secrets: the keys of `lightning.node` in farebox.yaml. */
  readonly settings: Readonly<Record<string, string | boolean>>;
  /** Its credential, on one line. Secret. */
  readonly secret: string;
  /** Certificates that are trusted, PEM. */
  readonly certificates?: string;
  /** The network it said it was on when it was put in; nothing is paid on another. */
  readonly network: string;
  /**
   * Who this payer is, whatever credential it is reached with: the node's key, or else a fingerprint of where it is and
   * of its credential.
   */
  readonly payer: string;
  /** The owner has allowed payments although this node cannot bound their fees. */
  readonly feesUncapped: boolean;
}

/** One account. */
export interface VaultAccount {
  /** Its number, for good: what `-a 1` means, and where its Tempo key is derived. */
  readonly index: number;
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly createdMs: number;
  readonly tempo?: VaultTempoKey;
  readonly node?: VaultNode;
}

/** What is in a vault. Secret, all of it. */
export interface VaultDocument {
  /** BIP-39 words, from which the keys that are ours are derived. */
  readonly phrase: string;
  /** By number, at least one. */
  readonly accounts: readonly VaultAccount[];
}

/** Says what the text in the age file is. */
const format = 'farebox-vault';
/** The one version there is. */
export const vaultVersion = 1;

/** Writes a document as the text that is encrypted. */
export function serializeDocument(document: VaultDocument): string {
  return `${JSON.stringify({ format, version: vaultVersion, ...document }, undefined, 1)}\n`;
}

/**
 * Reads what {@link serializeDocument} writes. Nothing is guessed: a member that is not known, or cannot be read, would be
 * lost with the next change.
 *
 * Codes: `vault_foreign` (no vault of this version), `vault_malformed`. Neither repeats anything of the text.
 */
export function parseDocument(text: string): Result<VaultDocument> {
  const value = parseJsonObject(text);
  if (value?.format !== format) return refuse('vault_foreign', 'What is in the file is no vault of Farebox');
  if (value.version !== vaultVersion) {
    return refuse('vault_foreign', 'The vault was written by a newer version of Farebox; update it');
  }
  const { format: _format, version: _version, phrase, accounts, ...more } = value;
  if (
    Object.keys(more).length > 0 ||
    typeof phrase !== 'string' ||
    phrase === '' ||
    !Array.isArray(accounts)
  ) {
    return malformed();
  }
  if (accounts.length === 0 || accounts.length > accountsMax) return malformed();
  const read = accounts.map(readAccount).filter((account) => account !== undefined);
  const names = new Set(read.map(({ name }) => name));
  const rising = read.every(({ index }, at) => at === 0 || index > (read[at - 1]?.index ?? index));
  if (read.length !== accounts.length || names.size !== read.length || !rising) return malformed();
  return { ok: true, value: { phrase, accounts: read } };
}

function malformed(): Result<VaultDocument> {
  return refuse('vault_malformed', 'What is in the vault cannot be read; take a backup of it');
}

function readAccount(value: JsonValue): VaultAccount | undefined {
  if (!isJsonObject(value)) return undefined;
  const { index, name, createdMs, tempo, node, ...more } = value;
  if (Object.keys(more).length > 0 || !isAccountIndex(index)) return undefined;
  if (typeof name !== 'string' || !isAccountName(name)) return undefined;
  if (typeof createdMs !== 'number' || !Number.isSafeInteger(createdMs)) return undefined;
  const key = readPart(tempo, readTempoKey);
  const reached = readPart(node, readNode);
  if (key === 'malformed' || reached === 'malformed') return undefined;
  return { index, name, createdMs, ...(key && { tempo: key }), ...(reached && { node: reached }) };
}

function readPart<T>(
  value: JsonValue | undefined,
  read: (value: JsonObject) => T | undefined,
): T | undefined | 'malformed' {
  if (value === undefined) return undefined;
  return (isJsonObject(value) ? read(value) : undefined) ?? 'malformed';
}
