import type { ApiKey, KeyStore } from '@farebox/gateway';
import type { Command } from 'commander';
import { noSuchKey, withKeys } from '../keys/open.js';
import { keyCells, keyColumns, tellKey, viewKey } from '../keys/view.js';
import { tableLine, titleLine } from '../ledger/columns.js';
import { streamSink } from '../ledger/sink.js';
import { createOutput, stringify } from '../output.js';
import { type KeysOptions, withKeysOptions } from './keys-options.js';

/** Keys that are read at a time. */
const pageKeys = 500;

/** Adds `farebox keys list` and `farebox keys show`. */
export function registerKeysLists(keys: Command): void {
  const listing = keys
    .command('list')
    .description('every key, oldest first: its plan, its state, and when it was last used')
    .option('-c, --config <file>', 'the configuration that names the store of keys', 'farebox.yaml')
    .option('--active', 'only keys that open something')
    .option('--json', 'JSON Lines on stdout: one key a line')
    .addHelpText(
      'after',
      `
Examples:
  farebox keys list
  farebox keys list --active --json | jq -r .id`,
    );
  listing.action((options: KeysOptions & { readonly active?: boolean }) => list(options));
  const show = keys
    .command('show')
    .argument('<key>', 'its id, or what it begins with')
    .description('all that is known of one key')
    .addHelpText(
      'after',
      `
Examples:
  farebox keys show key_7Yw3kQmZp4Rt
  farebox keys show fb_live_cPPd --json | jq -r .lastUsed`,
    );
  withKeysOptions(show).action(async (name: string, options: KeysOptions) => {
    const { keyStateAt } = await import('@farebox/gateway');
    const key = await withKeys(options.config, ({ store }) => store.show(name));
    if (key === undefined) throw noSuchKey(name);
    tellKey(key, keyStateAt(key, Date.now()), createOutput({ json: options.json ?? false }));
  });
}

async function list(options: KeysOptions & { readonly active?: boolean }): Promise<void> {
  const { keyStateAt } = await import('@farebox/gateway');
  const output = createOutput({ json: options.json ?? false });
  const nowMs = Date.now();
  await withKeys(options.config, async ({ store }) => {
    const sink = streamSink(process.stdout);
    let wanted = output.json || (await sink.write(output.color.dim(titleLine(keyColumns))));
    for await (const key of allKeys(store)) {
      const state = keyStateAt(key, nowMs);
      if (options.active === true && state !== 'active') continue;
      if (!wanted) break;
      wanted = await sink.write(
        output.json ? `${stringify(viewKey(key, state))}\n` : tableLine(keyColumns, keyCells(key, state)),
      );
    }
    await sink.finish();
  });
}

async function* allKeys(store: KeyStore): AsyncGenerator<ApiKey> {
  for (let after: string | undefined; ; ) {
    const page = await store.list(after, pageKeys);
    yield* page;
    if (page.length < pageKeys) return;
    after = page.at(-1)?.id;
  }
}
