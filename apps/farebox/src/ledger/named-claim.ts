import type { Claim, Entry, LedgerReader } from '@farebox/ledger';
import { CliError } from '../cli-error.js';

/** A claim with its entries, oldest first. */
export interface NamedClaim {
  readonly claim: Claim;
  readonly entries: readonly Entry[];
}

/**
 * The claim that somebody names: by its number (`12`, `#12`), its challenge id or its payment reference.
 *
 * @throws {CliError} `no_such_claim`
 */
export async function readNamedClaim(reader: LedgerReader, name: string): Promise<NamedClaim> {
  // A shell takes `#12` for a comment, so the bare number must do. No challenge id or payment hash is that short.
  const found = await reader.claim(/^[0-9]{1,15}$/.test(name) ? `#${name}` : name);
  if (found !== undefined) return found;
  throw new CliError(
    'no_such_claim',
    'The ledger has no such claim; name it by its number, its challenge id or its payment reference: farebox ledger claims',
    { retry: 'never' },
  );
}

/** The help about names. */
export const claimNameHelp = `
A claim is named by its number, its challenge id or its payment reference (the payment hash, for Lightning). Before a
challenge id that begins with a dash write --, as in: farebox ledger claim -- -Qf…`;
