import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { discardUnfinished, newState, readState, writeState } from './state.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'devnet-state-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('the state of a directory', () => {
  it('is read as it was written, with a seed of its own', () => {
    expect(readState(directory)).toBeUndefined();
    const state = newState(true);
    writeState(directory, state);
    expect(readState(directory)).toEqual(state);
    expect(newState(true).seed).not.toBe(state.seed);
  });

  const good = { format: 1, network: 'regtest', router: false, seed: 'ab'.repeat(32) };
  it.each([
    'nonsense',
    'null',
    '{}',
    JSON.stringify({ ...good, format: 2 }),
    JSON.stringify({ ...good, network: 'mainnet' }),
    JSON.stringify({ ...good, router: 1 }),
    JSON.stringify({ ...good, seed: 'ab' }),
  ])('%s is refused', (text) => {
    writeFileSync(join(directory, 'devnet-state.json'), text);
    expect(() => readState(directory)).toThrow('remove the directory');
  });

  it('that was never finished is discarded, and foreign files stay', () => {
    for (const name of ['blocks', 'wallet.snapshot', 'merchant.snapshot.new', 'notes.txt']) {
      writeFileSync(join(directory, name), 'x');
    }
    discardUnfinished(directory);
    expect(readdirSync(directory)).toEqual(['notes.txt']);
  });
});
