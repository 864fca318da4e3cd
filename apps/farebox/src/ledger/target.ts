import { isAbsolute, resolve } from 'node:path';

/** Where a ledger is kept. */
export type LedgerTarget =
  | { readonly kind: 'sqlite' /** Absolute. */; readonly path: string }
  | {
      readonly kind: 'postgres';
      /** May hold a password: never show it. */
      readonly url: string;
      /** Undefined: the store's default. */
      readonly schema: string | undefined;
    };

/**
 * Reads `sqlite:<path>` or `postgres://…`, as `ledger:` of `farebox.yaml` and `--ledger` have it.
 *
 * @param directory relative paths start here
 * @returns undefined when it is neither
 */
export function parseTarget(text: string, directory: string): LedgerTarget | undefined {
  if (/^postgres(ql)?:\/\//.test(text)) return { kind: 'postgres', url: text, schema: undefined };
  const path = /^sqlite:(.+)$/.exec(text)?.[1];
  if (path === undefined) return undefined;
  return { kind: 'sqlite', path: path === ':memory:' || isAbsolute(path) ? path : resolve(directory, path) };
}

/** A target for people: of a database server the host and database only, never the user or the password. */
export function showTarget(target: LedgerTarget): string {
  if (target.kind === 'sqlite') return target.path;
  if (!URL.canParse(target.url)) return 'the PostgreSQL ledger';
  const { host, pathname, search } = new URL(target.url);
  // An unencoded "/" or "?" in a password ends the host early: what follows could then be part of it.
  const whole = !`${pathname}${search}`.includes('@');
  return whole ? `postgres://${host || 'localhost'}${pathname}` : 'the PostgreSQL ledger';
}
