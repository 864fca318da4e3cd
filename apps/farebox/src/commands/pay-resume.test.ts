import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { exitCodes } from '../exit-codes.js';
import { checkOutput } from '../testing/checked-output.js';
import { only, run } from '../testing/run.js';

let home = '';
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'farebox-resume-'));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

it('where nothing was ever paid: that there is no such payment, and not that there is no node', async () => {
  const unknown = await run(home, ['pay', 'resume', 'pay_0123456789abcdef0123', '--json']);
  expect([unknown.code, only(unknown.stderr)]).toMatchObject([
    exitCodes.usage,
    { error: { code: 'payment_not_found' }, paid: false },
  ]);
  const all = await run(home, ['pay', 'resume', '--all', '--json']);
  checkOutput(['pay', 'resume'], all.stdout);
  expect([all.code, only(all.stdout)]).toEqual([0, { ok: true, payments: [] }]);
});
