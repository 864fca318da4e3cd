export { changeKey, type IssuedKey, issueKey, type KeyWish, KeyWishError, rotateKey } from './issue.js';
export { type ApiKey, type KeyState, keyStateAt } from './key.js';
export { KeyStoreOpenError } from './open-error.js';
export { type KeyStorePlace, openKeyStore } from './open-store.js';
export {
  type KeyChange,
  type KeyRotation,
  type KeyStore,
  KeyStoreUnavailable,
  type NewKey,
} from './store.js';
