import type { Command } from 'commander';
import { registerKeysLists } from './keys-lists.js';
import { registerKeysMake } from './keys-make.js';
import { registerKeysRevoke } from './keys-revoke.js';

/** Adds `farebox keys` and its commands. */
export function registerKeys(program: Command): void {
  const keys = program
    .command('keys')
    .description('the keys that open your API beside payment')
    .addHelpText(
      'after',
      `
Examples:
  farebox keys create --name 'Acme Ltd' --plan trial
  farebox keys create --name runes-bot --scope 'GET /v1/runes/*' --expires 30d
  farebox keys list
  farebox keys rotate key_7Yw3kQmZp4Rt --keep-old 24h
  farebox keys revoke key_7Yw3kQmZp4Rt

Works beside running gateways, which know of every change within a second.
${keysExitCodeHelp}`,
    );
  registerKeysMake(keys);
  registerKeysLists(keys);
  registerKeysRevoke(keys);
}

const keysExitCodeHelp = `
Exit codes:
  0 done        2 usage, or a configuration that cannot be used
  1 failed      3 the database does not answer`;
