export {
  type AccessKey,
  type AccessKeyOptions,
  accessKeyAccount,
  type KeyType,
  type OwnAccountOptions,
  ownAccount,
  type TempoAccount,
} from './account.js';
export { anotherKeyAdvice, authorizeCommand } from './key-advice.js';
export {
  authorizationCharsMax,
  type KeyAuthorization,
  type KeyGrant,
  parseKeyAuthorization,
  signKeyAuthorization,
} from './key-authorization.js';
export type { KeyAllowance, KeyLimit, KeyScope, KeyState } from './key-state.js';
export {
  type KeyList,
  type ListedKey,
  type ListKeysOptions,
  listedKeysMax,
  listKeys,
  readBalances,
  readKey,
  registerKey,
  revokeKey,
  setKeyLimits,
  type TokenBalance,
} from './manage-keys.js';
export { newPrivateKey, parsePrivateKey } from './private-key.js';
export { fileLease, type LeasedKey, memoryLease, type ProvisioningLease } from './provisioning-lease.js';
export type { KeyChange, RootAction } from './send-as-root.js';
