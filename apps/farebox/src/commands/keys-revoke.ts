import type { Command } from 'commander';
import { noSuchKey, withKeys } from '../keys/open.js';
import { tellKey } from '../keys/view.js';
import { createOutput } from '../output.js';
import { type KeysOptions, withKeysOptions } from './keys-options.js';

/** Adds `farebox keys revoke`. */
export function registerKeysRevoke(keys: Command): void {
  const revoke = keys
    .command('revoke')
    .argument('<key>', 'its id, or what it begins with')
    .description('close a key for good; every gateway refuses it within a second')
    .addHelpText(
      'after',
      `
Examples:
  farebox keys revoke key_7Yw3kQmZp4Rt`,
    );
  withKeysOptions(revoke).action(async (name: string, options: KeysOptions) => {
    const key = await withKeys(options.config, async ({ store }) => {
      const found = await store.show(name);
      return found === undefined ? undefined : store.revoke(found.id, Date.now());
    });
    if (key === undefined) throw noSuchKey(name);
    tellKey(key, 'revoked', createOutput({ json: options.json ?? false }));
  });
}
