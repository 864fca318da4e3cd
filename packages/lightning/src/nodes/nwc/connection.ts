import { type Result, refuse } from '@farebox/protocol';
import { getPublicKey } from 'nostr-tools/pure';

/** What a connection text of NIP-47 says ("Nostr Wallet Connect URI"). Holds a secret: never to be logged. */
export interface NwcConnection {
  /** Public key of the wallet service, 64 lowercase hex characters: only its answers count. */
  readonly walletKey: string;
  /** The client's secret key, 32 bytes. */
  readonly secretKey: Uint8Array;
  /** Public key of {@link NwcConnection.secretKey}. */
  readonly clientKey: string;
  /** Relays, in the order in which they are tried. At least one. */
  readonly relays: readonly string[];
}

/** Most relays that are read; further ones are left out. */
export const relaysMax = 8;

const hex32 = /^[0-9a-f]{64}$/i;

/**
 * Reads `nostr+walletconnect://<pubkey>?relay=…&secret=…`. Never throws and never repeats what it was given.
 *
 * Codes: `connection_malformed`, `relay_missing`, `secret_malformed`.
 */
export function parseConnection(text: string): Result<NwcConnection> {
  // Without the two slashes the host is the path; some wallets write it so.
  const match = /^nostr\+?walletconnect:(?:\/\/)?([^?/]+)\/?\?(.+)$/.exec(text.trim());
  const walletKey = match?.[1] ?? '';
  if (!hex32.test(walletKey)) {
    return refuse(
      'connection_malformed',
      'This is no wallet connection: it must begin with nostr+walletconnect:// and a public key.',
    );
  }
  const query = new URLSearchParams(match?.[2]);
  const relays = query.getAll('relay').filter(isRelay).slice(0, relaysMax);
  if (relays.length === 0) {
    return refuse(
      'relay_missing',
      'The wallet connection names no relay; copy the whole text from the wallet.',
    );
  }
  const secret = query.get('secret') ?? '';
  if (!hex32.test(secret)) {
    return refuse(
      'secret_malformed',
      'The wallet connection holds no secret; copy the whole text from the wallet.',
    );
  }
  const secretKey = Uint8Array.from(Buffer.from(secret, 'hex'));
  try {
    const clientKey = getPublicKey(secretKey);
    return { ok: true, value: { walletKey: walletKey.toLowerCase(), secretKey, clientKey, relays } };
  } catch {
    // Zero and numbers beyond the curve's order are no keys.
    return refuse(
      'secret_malformed',
      'The secret of the wallet connection is no key; make a new connection.',
    );
  }
}

function isRelay(text: string): boolean {
  return URL.canParse(text) && /^wss?:$/.test(new URL(text).protocol);
}
