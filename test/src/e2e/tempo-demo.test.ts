import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { root } from '../house.js';

const run = promisify(execFile);

describe('farebox demo --tempo --once --json', () => {
  it('offers both methods in one 402, and sells the same request in each', async () => {
    const farebox = join(root, 'apps/farebox/bin/farebox.js');
    const { stdout } = await run(process.execPath, [farebox, 'demo', '--tempo', '--once', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      paid: { status: 200 },
      receipt: { method: 'lightning' },
      tempo: {
        // The lightning challenge stands last.
        offered: ['tempo/charge', 'lightning/charge'],
        choice: expect.stringContaining('lightning/charge'),
        price: '0.01 pathUSD',
        received: '10000',
        transaction: expect.stringMatching(/^0x[0-9a-f]{64}$/),
        receipt: { method: 'tempo', status: 'success' },
      },
    });
  });
});
