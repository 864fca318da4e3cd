import { text as readText } from 'node:stream/consumers';
import { type Command, Option } from 'commander';
import { usageError } from '../cli-error.js';
import { findHome } from '../home.js';
import { createOutput } from '../output.js';
import { accountOf } from '../tempo/account.js';
import type { TempoKey } from '../tempo/key-file.js';
import { openKeyPlace } from '../tempo/key-place.js';
import { type VaultOptions, withVaultOptions } from '../vault/options.js';
import { parseAddressArgument } from './wallet-options.js';

interface Options extends VaultOptions {
  readonly rootAccount?: `0x${string}`;
  readonly keyType: 'secp256k1' | 'p256';
  readonly fromStdin?: boolean;
  readonly json?: boolean;
}

/** Longest input that a key is looked for in, characters. */
const stdinCharsMax = 1_024;

/** Adds `farebox wallet tempo create`. */
export function registerTempoCreate(tempo: Command): void {
  withVaultOptions(tempo.command('create').description('make the Tempo key of this wallet'))
    .option(
      '--root-account <address>',
      'an access key of that account, which must authorise it; without this, a wallet of its own',
      parseAddressArgument,
    )
    .addOption(
      new Option('--key-type <curve>', 'the curve of the key')
        .choices(['secp256k1', 'p256'])
        .default('secp256k1'),
    )
    .option('--from-stdin', 'read the key from stdin, 64 hex digits, instead of making one')
    .option('--json', 'one JSON object on stdout, errors as one on stderr')
    .addHelpText(
      'after',
      `
The key is the money: whoever has it can spend it. It is never shown and never written over. Keep a copy.

Examples:
  farebox wallet tempo create
  farebox wallet tempo create --root-account 0x1234567890abcdef1234567890abcdef12345678
  farebox wallet tempo create --from-stdin < key.txt`,
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  const output = createOutput({ json: options.json ?? false });
  const place = await openKeyPlace(findHome(), options);
  const { newPrivateKey } = await import('@farebox/tempo');
  const { keyType, rootAccount } = options;
  const privateKey = options.fromStdin ? await readKey(keyType) : newPrivateKey();
  const key: TempoKey = { keyType, privateKey, ...(rootAccount && { rootAccount }) };
  const account = await accountOf(key);
  await place.create(key);
  const accessKey = account.accessKey?.address ?? null;
  if (output.json) {
    output.object({ ok: true, address: account.address, accessKey, keyType, kept: place.described });
    return;
  }
  const { bold, dim } = output.color;
  if (accessKey === null) {
    output.text(`${bold(account.address)}
${dim(`Kept in ${place.described}. Send it stablecoins on Tempo, and it can pay; on the devnet: farebox wallet tempo fund`)}`);
    return;
  }
  output.text(`${bold(accessKey)}  ${dim(`an access key of ${account.address}`)}
${dim(`Kept in ${place.described}. It can sign for that account when the account's own wallet has said:`)}
  farebox wallet tempo authorize ${accessKey}${keyType === 'p256' ? ' --key-type p256' : ''} --limit 5pathUSD --yes`);
}

async function readKey(keyType: Options['keyType']): Promise<`0x${string}`> {
  const { parsePrivateKey } = await import('@farebox/tempo');
  const parsed = parsePrivateKey((await readText(process.stdin)).slice(0, stdinCharsMax), keyType);
  if (parsed.ok) return parsed.value;
  throw usageError(`There is no key on stdin. ${parsed.detail}.`);
}
