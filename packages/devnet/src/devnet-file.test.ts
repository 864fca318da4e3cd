import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readDevnetFile, readLastDevnetFile, removeDevnetFile, writeDevnetFile } from './devnet-file.js';

let home: string;
beforeEach(() => {
  home = join(mkdtempSync(join(tmpdir(), 'devnet-home-')), 'nested');
});
afterEach(() => rmSync(join(home, '..'), { recursive: true, force: true }));

const file = { url: 'http://127.0.0.1:4242', token: 'a'.repeat(43) };

describe('devnet.json', () => {
  it('is found by others of the same user, and by nobody else', async () => {
    expect(await readDevnetFile(home)).toBeUndefined();
    await writeDevnetFile(home, file);
    expect(await readDevnetFile(home)).toEqual(file);
    expect(statSync(join(home, 'devnet.json')).mode & 0o777).toBe(0o600);
    expect(statSync(home).mode & 0o777).toBe(0o700);
  });

  it('is removed by its own devnet only', async () => {
    await writeDevnetFile(home, file);
    await removeDevnetFile(home, { ...file, token: 'b'.repeat(43) });
    expect(await readDevnetFile(home)).toEqual(file);
    await removeDevnetFile(home, file);
    expect(await readDevnetFile(home)).toBeUndefined();
    await removeDevnetFile(home, file);
  });

  it('is remembered when it has been removed, and as private', async () => {
    expect(await readLastDevnetFile(home)).toBeUndefined();
    await writeDevnetFile(home, file);
    expect(await readLastDevnetFile(home)).toEqual(file);
    await removeDevnetFile(home, file);
    expect(await readLastDevnetFile(home)).toEqual(file);
    expect(statSync(join(home, 'devnet.last.json')).mode & 0o777).toBe(0o600);
    writeFileSync(join(home, 'devnet.last.json'), 'nonsense');
    expect(await readLastDevnetFile(home)).toBeUndefined();
  });

  it('may have a Tempo chain beside it, and one that cannot be read is left out', async () => {
    const tempo = { url: 'http://127.0.0.1:8545', chainId: 4217 };
    await writeDevnetFile(home, { ...file, tempo });
    expect(await readDevnetFile(home)).toEqual({ ...file, tempo });
    for (const bad of [null, 5, {}, { ...tempo, url: 'http://evil.example' }, { ...tempo, chainId: 0.5 }]) {
      writeFileSync(join(home, 'devnet.json'), JSON.stringify({ ...file, tempo: bad }));
      expect(await readDevnetFile(home)).toEqual(file);
    }
  });

  it.each([
    'nonsense',
    '{}',
    '{"url":"http://127.0.0.1:1"}',
    '{"url":"https://evil.example","token":"x"}',
    '{"url":"http://evil.example","token":"x"}',
  ])('that says %s is refused', async (text) => {
    await writeDevnetFile(home, file);
    writeFileSync(join(home, 'devnet.json'), text);
    await expect(readDevnetFile(home)).rejects.toThrow();
  });
});
