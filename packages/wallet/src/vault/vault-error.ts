import type { Retry } from '@farebox/protocol';

/** Why the vault could not be used. */
export type VaultErrorCode =
  /** There is none. */
  | 'vault_missing'
  /** There is one already, and it is never written over. */
  | 'vault_exists'
  /** Others may read or change the file or its folder. */
  | 'vault_exposed'
  /** It is a symbolic link, a folder or anything but a plain file. */
  | 'vault_not_plain'
  /** The file cannot be read or written. */
  | 'vault_unavailable'
  /** The file is larger than any vault, or would become so. */
  | 'vault_too_large'
  /** Opening it would take more memory and time than any vault of ours. */
  | 'vault_too_costly'
  /** It is no file in the age format that a passphrase opens, or it is damaged. */
  | 'vault_corrupt'
  /** It opens, and what is in it is of a newer version or no vault. */
  | 'vault_foreign'
  /** Another process has been writing it for too long. */
  | 'vault_busy'
  | 'passphrase_wrong'
  | 'passphrase_unfit'
  | 'phrase_malformed'
  | 'account_missing'
  | 'account_exists'
  | 'account_name_malformed'
  | 'accounts_full'
  | 'tempo_key_exists'
  | 'record_unavailable';

/** The vault could not be used. One sentence that says what to do; never a secret, nor a part of one. */
export class VaultError extends Error {
  override readonly name = 'VaultError';
  readonly code: VaultErrorCode;
  /** `safe` where the same call may work later; `never` where something must be changed first. */
  readonly retry: Retry;

  constructor(code: VaultErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.retry = code === 'vault_busy' || code === 'vault_unavailable' ? 'safe' : 'never';
  }
}
