import { LedgerOpenError } from '../errors.js';

/** Where the ledger is, checked. */
export interface Target {
  /** The URL as it was given. It may hold a password: never show it. */
  readonly url: string;
  /** The server and database without user and password, for messages. */
  readonly shown: string;
  readonly schema: string;
  /** How long one attempt to connect may take. */
  readonly connectTimeoutMs: number;
}

// Quoted wherever it is used; kept to what needs no quoting, so that people can type it.
const schemaPattern = /^(?!pg_)[a-z_][a-z0-9_]{0,62}$/;

/**
 * Reads the address of a ledger.
 *
 * @throws {LedgerOpenError} `ledger_unopenable`; the message never holds any of the URL's text that could be a password
 */
export function readTarget(url: string, schema: string, connectTimeoutMs: number): Target {
  if (!schemaPattern.test(schema)) {
    throw unusable(
      "The name of the ledger's schema must be lower-case letters, digits and underscores, up to 63.",
    );
  }
  // The parser's own error quotes its input: it is not passed on.
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^postgres(ql)?:$/.test(parsed.protocol)) {
    throw unusable(
      "The ledger's URL must look like postgres://user:password@host:5432/database, with special characters in the password percent-encoded.",
    );
  }
  // An unencoded "/", "?" or "#" in a password ends the host early: what then looks like the host is part of a secret.
  const { pathname, search, hash } = parsed;
  if (hash !== '' || `${pathname}${search}`.includes('@')) {
    throw unusable(
      'The URL of the ledger has a special character that must be percent-encoded: "/" is %2F, "?" is %3F, "#" is %23, "@" is %40.',
    );
  }
  const host = parsed.searchParams.get('host') ?? parsed.host;
  return { url, shown: `${host || 'localhost'}${pathname}`, schema, connectTimeoutMs };
}

function unusable(message: string): LedgerOpenError {
  return new LedgerOpenError('ledger_unopenable', message);
}
