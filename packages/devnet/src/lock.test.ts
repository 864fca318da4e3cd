import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockDirectory } from './lock.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'devnet-lock-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('lockDirectory', () => {
  it('is exclusive until it is freed, and leaves nothing behind', () => {
    const unlock = lockDirectory(directory);
    expect(() => lockDirectory(directory)).toThrow('Another devnet uses');
    unlock();
    unlock();
    lockDirectory(directory)();
    expect(readdirSync(directory)).toEqual([]);
  });

  it('takes over the lock of a process that is dead', () => {
    const pid = execFileSync(process.execPath, ['--print', 'process.pid']).toString().trim();
    writeFileSync(join(directory, 'lock'), `${pid} 1`);
    lockDirectory(directory)();
  });

  it('takes over a lock whose number another process has by now', () => {
    writeFileSync(join(directory, 'lock'), `${process.ppid} 1`);
    lockDirectory(directory)();
  });

  it('takes over a torn lock', () => {
    writeFileSync(join(directory, 'lock'), '');
    lockDirectory(directory)();
  });

  it('lets nobody free the lock of another', () => {
    const unlock = lockDirectory(directory);
    unlock();
    const second = lockDirectory(directory);
    unlock();
    expect(() => lockDirectory(directory)).toThrow('Another devnet uses');
    second();
  });
});
