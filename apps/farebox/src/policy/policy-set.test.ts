import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { run } from '../testing/run.js';

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'farebox-policy-set-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

it('set loses no change where several are made at once', async () => {
  const origins = ['a', 'b', 'c'].map((name) => `https://${name}.example`);
  const runs = origins.map((origin) =>
    run(home, ['wallet', 'policy', 'set', 'deny.origins', origin, '--json']),
  );
  expect((await Promise.all(runs)).map(({ code, stderr }) => [code, stderr])).toEqual(
    origins.map(() => [0, '']),
  );
  const text = readFileSync(join(home, 'policy.yaml'), 'utf8');
  for (const origin of origins) expect(text).toContain(origin);
});
