import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { killAll, startNode, until } from './chaos/processes.js';

const main = {
  sim: fileURLToPath(new URL('sim/main.js', import.meta.url)),
  chaos: fileURLToPath(new URL('chaos/kill-main.js', import.meta.url)),
};
afterAll(killAll);

async function said(command: keyof typeof main, ...words: string[]) {
  const child = startNode([main[command], ...words]);
  const { code } = await child.exited;
  return { code, stdout: child.stdout, stderr: child.stderr };
}

describe('the commands of the simulator and of chaos', () => {
  it.each(['sim', 'chaos'] as const)('%s --help says how it is used', async (command) => {
    const { code, stdout, stderr } = await said(command, '--help');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain(`npm run ${command} -- `);
  });

  it.each([
    ['sim', ['--seeds', 'abc'], '--seeds is a whole number from 1'],
    ['sim', ['--seeds', '1e3'], '--seeds is a whole number from 1'],
    ['sim', ['--what'], "'--what'"],
    ['chaos', ['--kills', 'abc'], '--kills is a whole number from 1'],
    ['chaos', ['--rounds', 'x'], '--rounds is a whole number from 1'],
    ['chaos', ['--kills', '5', '--store', 'mysql'], '--store is sqlite or postgres'],
    ['chaos', ['--store', 'postgres'], '--store goes with --kills'],
    ['chaos', ['--kills', '5', '--gateways', '2'], 'needs --store postgres'],
    ['chaos', ['--kills', '5', '--minutes', '0'], '--minutes is a whole number from 1'],
  ] as const)('%s %j is refused before anything is started', async (command, words, sentence) => {
    const { code, stdout, stderr } = await said(command, ...words);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(sentence);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it('chaos leaves nothing behind when it is told to end', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'farebox-options-'));
    try {
      const child = startNode([main.chaos], { env: { ...process.env, TMPDIR: folder } });
      const made = await until('it has begun', () =>
        readdirSync(folder).find((name) => existsSync(join(folder, name, 'journal.db'))),
      );
      expect(made).toContain('farebox-chaos-');
      expect((await child.kill('SIGTERM')).code).toBe(143);
      expect(readdirSync(folder)).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
