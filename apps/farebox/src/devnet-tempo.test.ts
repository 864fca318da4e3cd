import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readDevnetFile, writeDevnetFile } from '@farebox/devnet';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addTempoDevnet, readTempoDevnet } from './devnet-tempo.js';
import { findHome, type Home } from './home.js';

let home: Home;
const lightning = { url: 'http://127.0.0.1:4711', token: 't'.repeat(43) };
const tempo = { url: 'http://127.0.0.1:8545', chainId: 4217 };

beforeEach(() => {
  home = findHome({ FAREBOX_HOME: mkdtempSync(join(tmpdir(), 'farebox-devnet-file-')) });
});
afterEach(() => rmSync(home.directory, { recursive: true, force: true }));

describe('the Tempo chain in the file of the devnet', () => {
  it('stands beside the Lightning devnet, which is read as before', async () => {
    await writeDevnetFile(home.directory, lightning);
    expect(await readTempoDevnet(home)).toBeUndefined();
    await addTempoDevnet(home, tempo);
    expect(await readTempoDevnet(home)).toEqual(tempo);
    expect(await readDevnetFile(home.directory)).toEqual({ ...lightning, tempo });
    expect(statSync(home.devnetFile).mode & 0o777).toBe(0o600);
    expect(readdirSync(home.directory)).toEqual(['devnet.json']);
    expect(JSON.parse(readFileSync(home.devnetFile, 'utf8'))).toEqual({ ...lightning, tempo });
  });

  it.each([
    { url: 'http://example.com:8545', chainId: 4217 },
    { url: 'https://127.0.0.1.evil.test', chainId: 4217 },
    { url: 'http://127.0.0.1@evil.test', chainId: 4217 },
    { url: 'http://127.0.0.1:8545/path', chainId: 4217 },
    { url: 'http://127.0.0.1:8545', chainId: '4217' },
    { url: 'http://127.0.0.1:8545', chainId: -1 },
    { url: 5, chainId: 4217 },
    null,
    'http://127.0.0.1:8545',
  ])('is on this machine, or not there: %j', async (place) => {
    writeFileSync(home.devnetFile, JSON.stringify({ ...lightning, tempo: place }));
    expect(await readTempoDevnet(home)).toBeUndefined();
  });

  it('of what is no file of a devnet says nothing', async () => {
    expect(await readTempoDevnet(home)).toBeUndefined();
    writeFileSync(home.devnetFile, 'no json');
    expect(await readTempoDevnet(home)).toBeUndefined();
  });
});
