import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configOf, fillLedger, requestOf, withLedger } from './ledger/testing/shop-ledger.js';
import { only, run } from './testing/run.js';

let home = '';
let path = '';

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'farebox-ledger-'));
  path = join(home, 'shop.db');
  await fillLedger(path);
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

const ledger = (...words: string[]) => run(home, ['ledger', ...words, '--ledger', `sqlite:${path}`]);

describe('the ledger that is meant', () => {
  it('is the one of the configuration, and everything works beside the gateway that writes it', async () => {
    const config = join(home, 'farebox.yaml');
    writeFileSync(config, configOf('sqlite:beside.db'));
    const beside = join(home, 'beside.db');
    await withLedger(beside, async (writer) => {
      await writer.deliver(requestOf(1));
      for (const command of ['balance', 'entries', 'claims', 'check']) {
        const { code, stdout, stderr } = await run(home, ['ledger', command, '-c', config]);
        expect([command, code, stderr]).toEqual([command, 0, '']);
        if (command !== 'check') expect(stdout).toContain(beside);
      }
      // What a living gateway holds is nobody else's to resolve, and the command does not say so either.
      await writer.claim(requestOf(3, { route: 'POST /v1/orders' }));
      const held = only((await run(home, ['ledger', 'claim', '2', '-c', config, '--json'])).stdout);
      expect(held).toMatchObject({
        state: 'claimed',
        hold: 'theirs',
        next: [expect.stringMatching(/^Wait/)],
      });
      await writer.deliver(requestOf(2));
    });
    const after = await run(home, ['ledger', 'balance', '-c', config, '--json']);
    expect(only(after.stdout).balances).toMatchObject([{ received: '6' }]);
  });

  it.each([
    ['a file that is missing', ['--ledger', 'sqlite:/nowhere/farebox.db'], 1, 'ledger_unopenable'],
    ['no ledger at all', ['--ledger', 'farebox.db'], 2, 'usage'],
    ['memory', ['--ledger', 'sqlite::memory:'], 1, 'ledger_in_memory'],
    ['a schema of SQLite', ['--ledger', 'sqlite:x.db', '--ledger-schema', 'x'], 2, 'usage'],
    ['a configuration that is missing', ['--config', '/nowhere/farebox.yaml'], 2, 'config_invalid'],
    [
      'a database that is not there',
      ['--ledger', 'postgres://u:hunter2@127.0.0.1:1/x'],
      3,
      'ledger_unopenable',
    ],
  ])('cannot be %s', async (_name, words, code, error) => {
    const result = await run(home, ['ledger', 'balance', ...words, '--json']);
    expect([result.code, result.stdout, only(result.stderr)]).toMatchObject([
      code,
      '',
      { error: { code: error } },
    ]);
    expect(result.stderr).not.toContain('hunter2');
  });

  it('is not made by asking for it', async () => {
    const missing = join(home, 'missing.db');
    const asked = await run(home, ['ledger', 'refund-mark', '1', '--yes', '--ledger', `sqlite:${missing}`]);
    expect(asked.code).toBe(1);
    expect(() => readFileSync(missing)).toThrow('ENOENT');
  });
});

describe('the command line', () => {
  it.each([
    [['entries', '--from', 'yesterday']],
    [['entries', '--from', '2026-02-01', '--until', '2026-01-01']],
    [['entries', '--until', '2026-02-31']],
    [['claims', '--state', 'paid']],
    [['claim']],
    [['reconcile', '--from', 'x']],
    [['resolve', '4']],
    [['resolve', '4', '--delivered', '--released']],
    [[]],
  ])('exit 2 for %j', async (words: string[]) => {
    const { code, stdout, stderr } = await ledger(...words);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr.length).toBeGreaterThan(0);
  });

  it.each([
    'balance',
    'entries',
    'claims',
    'claim',
    'export',
    'reconcile',
    'refund-mark',
    'resolve',
    'check',
  ])('%s --help has examples', async (command) => {
    const { code, stdout, stderr } = await run(home, ['ledger', command, '--help']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain(`Examples:\n  farebox ledger ${command === 'resolve' ? 'claims' : command}`);
  });

  it('is completed', async () => {
    const { stdout } = await run(home, ['completion', 'bash']);
    expect(stdout).toMatch(/'ledger export'\) words='.*--format.*--no-open/);
  });
});
