import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { exitCodes } from './exit-codes.js';

const bin = fileURLToPath(new URL('../bin/farebox.js', import.meta.url));
/** A user who stands in no list of users, as containers are often given. Only root can become one. */
const stranger = { uid: 1_123_456_789, gid: 1_123_456_789 };

it.skipIf(process.getuid?.() !== 0)('a user without a name and a home is told to set FAREBOX_HOME', () => {
  const { status, stderr } = spawnSync(process.execPath, [bin, 'pay', 'history', '--json'], {
    ...stranger,
    env: { PATH: process.env.PATH },
    cwd: '/',
    encoding: 'utf8',
  });
  const { error } = JSON.parse(stderr);
  expect([status, error.code]).toEqual([exitCodes.usage, 'usage']);
  expect(error.message).toContain('set FAREBOX_HOME');
});
