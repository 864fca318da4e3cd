import { WalletError } from './errors.js';

const algorithms: Readonly<Record<string, string>> = { 'sha-256': 'SHA-256', 'sha-512': 'SHA-512' };

/**
 * Checks that a challenge's `digest` is that of the body which would be paid for (draft-httpauth-payment-00
 * §"Request Body Digest Binding"): the seller would refuse another one after taking the money. Accepts the form of
 * RFC 9530 (`sha-256=:…:`) and the bare one that some sellers send (`sha-256=…`).
 *
 * @returns `digest_mismatch`, or undefined when every known algorithm agrees.
 */
export async function checkDigest(
  digest: string,
  body: Uint8Array | undefined,
): Promise<WalletError | undefined> {
  for (const member of digest.split(',')) {
    const match = /^\s*([a-z0-9-]+)=(:?)([A-Za-z0-9+/_-]*)(={0,2})\2\s*$/.exec(member);
    const [, name = '', , value = ''] = match ?? [];
    const algorithm = Object.hasOwn(algorithms, name) ? algorithms[name] : undefined;
    if (algorithm === undefined) continue;
    const hash = new Uint8Array(await crypto.subtle.digest(algorithm, Uint8Array.from(body ?? [])));
    if (value.replace(/-/g, '+').replace(/_/g, '/') !== base64(hash).replace(/=+$/, '')) {
      const message = 'The challenge is for another body than the one that was sent; it was not paid.';
      return new WalletError('digest_mismatch', message);
    }
  }
  return undefined;
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
