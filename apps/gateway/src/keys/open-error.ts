/** The store of keys cannot be opened. One sentence that says what to do; never a password. */
export class KeyStoreOpenError extends Error {
  override readonly name = 'KeyStoreOpenError';
  readonly code: 'key_store_unopenable' | 'key_store_newer';

  constructor(code: KeyStoreOpenError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A store that a later version has written. */
export function newerStore(version: number): KeyStoreOpenError {
  return new KeyStoreOpenError(
    'key_store_newer',
    `The store of keys was written by a newer Farebox (version ${version}); run that one or a later one.`,
  );
}
