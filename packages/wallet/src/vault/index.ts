export {
  accountNameCharsMax,
  accountsMax,
  checkAccountName,
  findAccount,
  isAccountName,
} from './account-name.js';
export { defaultAccountName, type NewAccounts, withAccounts, withChangedAccount } from './accounts.js';
export { checkNewPassphrase, passphraseBytesMax, passphraseCharsMin, type VaultOpener } from './age-file.js';
export { workFactorDefault, workFactorMax } from './age-passphrase.js';
export type { VaultAccount, VaultDocument, VaultNode, VaultTempoKey } from './document.js';
export { nodeCertificatesCharsMax, nodeSecretCharsMax } from './node-part.js';
export { openPayerRecord, type PayerRecord, payerRecordLifeMs } from './payer-record.js';
export { newPhrase, readPhrase, tempoKeyPath } from './phrase.js';
export { preparePrivateFolder, readPrivateFile, writePrivateFile } from './private-file.js';
export {
  readSession,
  removeSession,
  type Session,
  sessionLifeMsMax,
  sessionName,
  writeSession,
} from './session.js';
export {
  changePassphrase,
  createVault,
  type NewVault,
  type OpenedVault,
  openVault,
  placeVault,
  readSealed,
  readVaultFile,
  updateVault,
  type VaultAccess,
  vaultBytesMax,
} from './vault.js';
export { VaultError, type VaultErrorCode } from './vault-error.js';
