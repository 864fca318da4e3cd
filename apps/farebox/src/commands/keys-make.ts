import type { IssuedKey } from '@farebox/gateway';
import type { Command } from 'commander';
import { usageError } from '../cli-error.js';
import { noSuchKey, readEnd, revokedKey, withKeys } from '../keys/open.js';
import { viewKey } from '../keys/view.js';
import { createOutput } from '../output.js';
import { type KeysOptions, withKeysOptions } from './keys-options.js';

interface CreateOptions extends KeysOptions {
  readonly name?: string;
  readonly plan?: string;
  readonly scope?: readonly string[];
  readonly expires?: string;
}

interface RotateOptions extends KeysOptions {
  readonly keepOld: string;
}

/** Adds `farebox keys create` and `farebox keys rotate`. */
export function registerKeysMake(keys: Command): void {
  const create = keys
    .command('create')
    .description('make a key; it is shown once, and only its hash is kept')
    .option('--name <text>', 'what you call it')
    .option('--plan <name>', 'a name under plans (default: default)')
    .option(
      '--scope <scope...>',
      'what it opens: a match ("GET /v1/bitcoin/*") or a label; default: every route',
    )
    .option('--expires <when>', 'a date, a duration from now (10d), or never (default: as the plan says)');
  withKeysOptions(create)
    .addHelpText(
      'after',
      `
The key is all there is on stdout, so that it can be piped; what belongs to it is on stderr.

Examples:
  farebox keys create --name 'Acme Ltd' --plan trial
  farebox keys create --scope 'GET /v1/runes/*' --scope ordinals --expires 2027-01-31
  farebox keys create --json | jq -r .key`,
    )
    .action(async (options: CreateOptions) => {
      const nowMs = Date.now();
      const { name, plan, scope: scopes, expires } = options;
      const wish = {
        name,
        plan,
        scopes,
        expiresMs: expires === undefined ? undefined : readEnd(expires, nowMs),
      };
      const issued = await withKeys(options.config, async ({ store, config }) => {
        const { issueKey } = await import('@farebox/gateway');
        return issueKey(store, config, wish, nowMs);
      });
      tell(issued, options, 'It is shown this once.');
    });
  const rotate = keys
    .command('rotate')
    .argument('<key>', 'its id, or what it begins with')
    .description('give a key another secret; plan, scopes and counts stay')
    .option('--keep-old <duration>', 'how long the old secret works on: 30m, 24h, 7d', '0s')
    .addHelpText(
      'after',
      `
Examples:
  farebox keys rotate key_7Yw3kQmZp4Rt
  farebox keys rotate key_7Yw3kQmZp4Rt --keep-old 24h --json | jq -r .key`,
    );
  withKeysOptions(rotate).action((name: string, options: RotateOptions) => rotateKeyOf(name, options));
}

async function rotateKeyOf(name: string, options: RotateOptions): Promise<void> {
  const nowMs = Date.now();
  const keepMs = readDuration(options.keepOld);
  const issued = await withKeys(options.config, async ({ store, config }) => {
    const { rotateKey } = await import('@farebox/gateway');
    const key = await store.show(name);
    if (key === undefined) throw noSuchKey(name);
    return rotateKey(store, config, key.id, keepMs, nowMs);
  });
  if (issued === undefined) throw revokedKey(name);
  const until =
    keepMs === 0 ? 'The old one works no more.' : `The old one works for another ${options.keepOld}.`;
  tell(issued, options, `It is shown this once. ${until}`);
}

function tell({ key, secret }: IssuedKey, options: KeysOptions, remark: string): void {
  const output = createOutput({ json: options.json ?? false });
  if (output.json) {
    output.object({ ok: true, key: secret, ...viewKey(key, 'active') });
    return;
  }
  output.remark(`Key ${key.id}, plan ${key.plan}. ${remark}`);
  output.text(secret);
}

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function readDuration(text: string): number {
  const [, count, unit] = /^([0-9]{1,5})([smhd])$/.exec(text) ?? [];
  const ms = unitMs[unit ?? ''];
  if (ms === undefined) throw usageError('--keep-old is a duration such as 30m, 24h or 7d.');
  return Number(count) * ms;
}
