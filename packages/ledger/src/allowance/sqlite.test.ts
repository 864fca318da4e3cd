import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteAllowance } from './sqlite.js';
import { allowanceConforms } from './testing/conformance.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'farebox-allowance-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const terms = { purse: 'sponsor', amount: 100n, windowMs: 64_000 };

describe('an allowance in a file', () => {
  let count = 0;
  allowanceConforms(() => {
    const path = join(folder, `fees-${count++}`);
    return async (given) => openSqliteAllowance({ path, ...given });
  });

  it('is private', async () => {
    const path = join(folder, 'fees');
    await openSqliteAllowance({ path, ...terms }).close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('keeps what a process had set aside that was killed', async () => {
    const path = join(folder, 'fees');
    const program = fileURLToPath(new URL('./testing/reserve-child.js', import.meta.url));
    const child = spawn(process.execPath, [program, path, 'a'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [said] = await once(child.stdout, 'data');
    expect(String(said)).toBe('true\n');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const allowance = openSqliteAllowance({ path, ...terms });
    expect(await allowance.remaining(0)).toBe(40n);
    expect(await allowance.reserve('b', 60n, 0)).toBe(false);
    // Whoever presents the same transaction again sets nothing more aside.
    expect(await allowance.reserve('a', 60n, 0)).toBe(true);
    await allowance.close();
  });

  it('refuses what is no database, and once it is closed', async () => {
    const path = join(folder, 'fees');
    writeFileSync(path, 'this is no database at all, and is long enough to be seen as none');
    expect(() => openSqliteAllowance({ path, ...terms })).toThrow(/damaged or no database/);
    const closed = openSqliteAllowance({ path: join(folder, 'other'), ...terms });
    await closed.close();
    await expect(closed.reserve('a', 1n, 0)).rejects.toMatchObject({ code: 'ledger_unavailable' });
    await expect(closed.remaining(0)).rejects.toMatchObject({ code: 'ledger_unavailable' });
  });
});
