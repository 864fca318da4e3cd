import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { money } from '../testing/policy-money.js';
import { loadPolicy } from './file-load.js';
import { othersRight } from './others.js';

const [me, other] = [1_000, 1_001];

it.each([
  ['mine alone', 0o600, me, undefined],
  ['mine, readable by all', 0o755, me, undefined],
  ['of root', 0o644, 0, undefined],
  ['mine, and my group writes it', 0o664, me, 'may-write'],
  ['of root, and all write it', 0o1777, 0, 'may-write'],
  ['of somebody else who could write it at once', 0o755, other, 'own'],
  ['of somebody else who has taken that right away for now', 0o555, other, 'own'],
] as const)('what is %s', (_, mode, uid, right) => {
  expect(othersRight({ mode, uid }, me)).toBe(right);
});

it('root trusts its own only', () => {
  expect(othersRight({ mode: 0o600, uid: me }, 0)).toBe('own');
  expect(othersRight({ mode: 0o600, uid: 0 }, 0)).toBeUndefined();
});

describe('a policy', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'farebox-others-'));
    path = join(folder, 'home', 'policy.yaml');
    for (const name of ['home', 'shared']) mkdirSync(join(folder, name), { mode: 0o700 });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('that is a link into a folder that others write is not trusted', async () => {
    const shared = join(folder, 'shared');
    writeFileSync(join(shared, 'real.yaml'), 'limits: { payment: 7 sat }\n', { mode: 0o600 });
    symlinkSync(join(shared, 'real.yaml'), path);
    expect((await loadPolicy(path, money)).exists).toBe(true);
    chmodSync(shared, 0o777);
    await expect(loadPolicy(path, money)).rejects.toThrow(/run: chmod go-w \S*shared/);
  });

  it('that is a link in a folder that others write is not trusted', async () => {
    writeFileSync(join(folder, 'shared', 'real.yaml'), 'limits: { payment: 7 sat }\n', { mode: 0o600 });
    symlinkSync(join(folder, 'shared', 'real.yaml'), path);
    chmodSync(join(folder, 'home'), 0o777);
    await expect(loadPolicy(path, money)).rejects.toThrow(/run: chmod go-w \S*home/);
  });

  it.runIf(process.getuid?.() === 0)(
    'that is somebody else’s, or in their folder, is not trusted',
    async () => {
      writeFileSync(path, 'limits: { payment: 7 sat }\n', { mode: 0o600 });
      chownSync(path, other, other);
      await expect(loadPolicy(path, money)).rejects.toThrow(/belongs to somebody else, so nothing is paid/);
      chownSync(path, 0, 0);
      expect((await loadPolicy(path, money)).exists).toBe(true);
      chownSync(join(folder, 'home'), other, other);
      for (const there of [true, false]) {
        if (!there) rmSync(path);
        await expect(loadPolicy(path, money)).rejects.toThrow(/keep it in a folder of your own/);
      }
    },
  );
});
