import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openJournal } from '@farebox/wallet/journal-sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { killAll, startNode } from './processes.js';

const writer = fileURLToPath(new URL('./journal-writer.js', import.meta.url));
/** How many wallet processes write, one after the other. */
const writers = 12;

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'farebox-journal-'));
});
afterAll(async () => {
  await killAll();
  rmSync(directory, { recursive: true, force: true });
});

async function write(path: string, name: string, end: 'ends' | 'killed'): Promise<string> {
  const child = startNode([writer, path, name, end]);
  const { signal, code } = await child.exited;
  if (signal === 'SIGKILL') return 'killed';
  return code === 0 ? child.stdout.trim() : child.stderr;
}

describe('one journal and many wallets', () => {
  it('a process that opens it again and again, while others write and are killed, loses nothing', async () => {
    const path = join(directory, 'again.db');
    for (let number = 1; number <= writers; number++) {
      const killed = number % 2 === 0;
      expect(await write(path, `${number}`, killed ? 'killed' : 'ends')).toBe(
        killed ? 'killed' : `${number}`,
      );
      const journal = openJournal({ path });
      expect(journal.list({ limit: 1_000 })).toHaveLength(number);
      journal.close();
    }
    // A process that has never seen it finds all of it, and the file whole.
    expect(await write(path, 'last', 'ends')).toBe(`${writers + 1}`);
  });

  it('a process that holds it open twice sees what others write, and they what it writes', async () => {
    const path = join(directory, 'twice.db');
    const first = openJournal({ path });
    const second = openJournal({ path });
    for (let number = 1; number <= writers; number++) {
      expect(await write(path, `${number}`, 'ends')).toBe(`${number}`);
      expect([first.list({ limit: 1_000 }).length, second.list({ limit: 1_000 }).length]).toEqual([
        number,
        number,
      ]);
    }
    first.close();
    second.close();
  });
});
