import { isJsonObject, type JsonObject, type JsonValue, parseJsonObject } from '@farebox/protocol';
import * as nip04 from 'nostr-tools/nip04';
import * as nip44 from 'nostr-tools/nip44';
import { finalizeEvent, verifyEvent } from 'nostr-tools/pure';
import type { NwcConnection } from './connection.js';

/** A signed event of Nostr (NIP-01). */
export interface NostrEvent {
  readonly id: string;
  readonly pubkey: string;
  readonly created_at: number;
  readonly kind: number;
  readonly tags: string[][];
  readonly content: string;
  readonly sig: string;
}

const hex64 = /^[0-9a-f]{64}$/;
const hex128 = /^[0-9a-f]{128}$/;

/** Reads an event as a relay sends it; undefined for anything that has not its shape. Nothing is verified yet. */
export function readEvent(value: JsonValue | undefined): NostrEvent | undefined {
  if (!isJsonObject(value)) return undefined;
  const { id, pubkey, created_at, kind, tags, content, sig } = value;
  const isText = (text: JsonValue | undefined, shape: RegExp): text is string =>
    typeof text === 'string' && shape.test(text);
  if (!isText(id, hex64) || !isText(pubkey, hex64) || !isText(sig, hex128)) return undefined;
  if (typeof created_at !== 'number' || typeof kind !== 'number' || typeof content !== 'string')
    return undefined;
  const read = readTags(tags);
  return read === undefined ? undefined : { id, pubkey, created_at, kind, tags: read, content, sig };
}

function readTags(tags: JsonValue | undefined): string[][] | undefined {
  if (!Array.isArray(tags)) return undefined;
  const read: string[][] = [];
  for (const tag of tags) {
    if (!Array.isArray(tag) || !tag.every((word) => typeof word === 'string')) return undefined;
    read.push(tag);
  }
  return read;
}

/** Event kinds of NIP-47 and, for the last, NIP-42. */
export const eventKinds = { info: 13194, request: 23194, response: 23195, auth: 22242 } as const;

/** How contents are encrypted (NIP-47, "Encryption"). */
export type Encryption = 'nip44_v2' | 'nip04';

/** What a wallet service announces of itself. */
export interface WalletAnnouncement {
  readonly encryption: Encryption;
  /** Methods such as `pay_invoice`. */
  readonly methods: ReadonlySet<string>;
}

/** Longest content that is decrypted, characters: NIP-44's own limit in base64, rounded up. */
export const contentCharsMax = 131_072;

/**
 * Whether an event really is one of the wallet's, for this client: its kind, its author, its id and its signature.
 * A relay can hand over anything; only this decides what is believed.
 */
export function isFromWallet(event: NostrEvent, kind: number, connection: NwcConnection): boolean {
  return (
    event.kind === kind &&
    event.pubkey === connection.walletKey &&
    event.content.length <= contentCharsMax &&
    verifyEvent(event)
  );
}

/** Reads the info event (NIP-47, "Info Event"). Without an `encryption` tag the wallet knows NIP-04 only. */
export function readAnnouncement(event: NostrEvent): WalletAnnouncement {
  const tag = event.tags.find(([name]) => name === 'encryption');
  const schemes = tag === undefined ? ['nip04'] : tag.slice(1).flatMap((text) => text.split(/[\s,]+/));
  return {
    encryption: schemes.includes('nip44_v2') ? 'nip44_v2' : 'nip04',
    methods: new Set(event.content.split(/[\s,]+/).filter((word) => word !== '')),
  };
}

/** A request that is ready to be sent. */
export interface SealedRequest {
  readonly event: NostrEvent;
  readonly method: string;
  readonly encryption: Encryption;
}

/** Encrypts and signs a request. The wallet ignores it once `expiresMs` has passed, if it keeps to NIP-47. */
export function sealRequest(
  connection: NwcConnection,
  encryption: Encryption,
  method: string,
  params: JsonObject,
  nowMs: number,
  expiresMs: number,
): SealedRequest {
  const text = JSON.stringify({ method, params });
  const { secretKey, walletKey } = connection;
  const content =
    encryption === 'nip44_v2'
      ? nip44.encrypt(text, nip44.getConversationKey(secretKey, walletKey))
      : nip04.encrypt(secretKey, walletKey, text);
  const tags = [
    ['p', walletKey],
    ['expiration', String(Math.ceil(expiresMs / 1_000))],
  ];
  // Its absence means NIP-04, and wallets that know nothing else may not know the tag either.
  if (encryption === 'nip44_v2') tags.push(['encryption', encryption]);
  const event = finalizeEvent(
    { kind: eventKinds.request, created_at: Math.floor(nowMs / 1_000), tags, content },
    secretKey,
  );
  return { event, method, encryption };
}

/** What a wallet answers: a result, or one of NIP-47's error codes. */
export type WalletAnswer =
  | { readonly ok: true; readonly result: JsonObject }
  | { readonly ok: false; readonly code: string; readonly message: string };

/**
 * Opens an event that answers `request`. Undefined for anything that is not such an answer: another request's, a
 * forged one, one that cannot be decrypted or read.
 */
export function openResponse(
  event: NostrEvent,
  request: SealedRequest,
  connection: NwcConnection,
): WalletAnswer | undefined {
  const answers = event.tags.some(([name, value]) => name === 'e' && value === request.event.id);
  const addressed = event.tags.find(([name]) => name === 'p');
  if (!answers || (addressed !== undefined && addressed[1] !== connection.clientKey)) return undefined;
  if (!isFromWallet(event, eventKinds.response, connection)) return undefined;
  let value: JsonObject | undefined;
  try {
    value = parseJsonObject(decrypt(event.content, request.encryption, connection));
  } catch {
    return undefined;
  }
  const { result_type: about } = value ?? {};
  const meant = about === undefined || about === request.method;
  return value !== undefined && meant ? readAnswer(value) : undefined;
}

function decrypt(content: string, encryption: Encryption, connection: NwcConnection): string {
  const { secretKey, walletKey } = connection;
  return encryption === 'nip44_v2'
    ? nip44.decrypt(content, nip44.getConversationKey(secretKey, walletKey))
    : nip04.decrypt(secretKey, walletKey, content);
}

function readAnswer(value: JsonObject): WalletAnswer | undefined {
  const { error, result } = value;
  if (error !== undefined && error !== null) {
    const details = isJsonObject(error) ? error : {};
    const code = typeof details.code === 'string' ? details.code : 'OTHER';
    return { ok: false, code, message: typeof details.message === 'string' ? details.message : '' };
  }
  return result !== undefined && isJsonObject(result) ? { ok: true, result } : undefined;
}

/** Proves to a relay who asks (NIP-42). */
export function sealAuth(
  connection: NwcConnection,
  relay: string,
  challenge: string,
  nowMs: number,
): NostrEvent {
  const tags = [
    ['relay', relay],
    ['challenge', challenge],
  ];
  const created_at = Math.floor(nowMs / 1_000);
  return finalizeEvent({ kind: eventKinds.auth, created_at, tags, content: '' }, connection.secretKey);
}
