import { text as readText } from 'node:stream/consumers';
import type { Command } from 'commander';
import { usageError } from '../cli-error.js';
import { findHome } from '../home.js';
import { createOutput } from '../output.js';
import { accountOf, requireKey } from '../tempo/account.js';
import { openKeyPlace } from '../tempo/key-place.js';
import { type VaultOptions, withVaultOptions } from '../vault/options.js';

/** Longest permission that is read, characters. */
const permissionCharsMax = 20_000;

/** Adds `farebox wallet tempo accept`. */
export function registerTempoAccept(tempo: Command): void {
  const command = tempo
    .command('accept')
    .description(
      'take the permission that the root account signed for this access key; its first payment carries it',
    )
    .argument('<permission>', 'what farebox wallet tempo authorize --sign-only printed; - for stdin');
  withVaultOptions(command)
    .option('--json', 'one JSON object on stdout, errors as one on stderr')
    .addHelpText('after', '\nExamples:\n  farebox wallet tempo accept - < permission.txt')
    .action(run);
}

async function run(given: string, options: VaultOptions & { readonly json?: boolean }): Promise<void> {
  const output = createOutput({ json: options.json ?? false });
  const place = await openKeyPlace(findHome(), options);
  const key = await requireKey(place);
  const account = await accountOf(key);
  if (account.accessKey === undefined)
    throw usageError('This wallet has a key of its own, which needs no permission.');
  const { parseKeyAuthorization } = await import('@farebox/tempo');
  const text = given === '-' ? await readText(process.stdin) : given;
  const parsed = parseKeyAuthorization(text.slice(0, permissionCharsMax).trim());
  if (!parsed.ok) throw usageError(`${parsed.detail}.`);
  const { grant, serialized } = parsed.value;
  if (grant.key.address !== account.accessKey.address || grant.key.keyType !== account.keyType) {
    throw usageError(
      `This permission is for the key ${grant.key.address} (${grant.key.keyType}), and this wallet's is ${account.accessKey.address} (${account.keyType}).`,
    );
  }
  await place.update({ ...key, authorization: serialized });
  const expires = new Date(grant.expiresS * 1_000).toISOString();
  if (output.json) output.object({ ok: true, account: account.address, key: grant.key.address, expires });
  else
    output.text(
      `Taken. The first payment registers the key for ${account.address}; it signs until ${expires}.`,
    );
}
