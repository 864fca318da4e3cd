import type { SenderSignature } from '../transaction/signature.js';
import type { TempoRefusalCode } from './refusal.js';

/** The codes of the key checks (`accounts/key-check.ts`), as refusals name them. */
export const keyCodes: Readonly<Record<string, TempoRefusalCode>> = {
  key_not_registered: 'key-not-registered',
  key_revoked: 'key-revoked',
  key_expired: 'key-expired',
  key_limit_exceeded: 'spending-limit',
  key_scope_exceeded: 'key-scope',
};

/** The curve of the key that signed. Passkeys are of P-256 too, but registered as a type of their own. */
export function keyTypeOf(signature: SenderSignature): 'secp256k1' | 'p256' {
  const key = signature.kind === 'keychain' ? signature.key : signature;
  return key.kind === 'secp256k1' ? 'secp256k1' : 'p256';
}
