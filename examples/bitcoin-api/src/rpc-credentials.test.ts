import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { authorizationOf } from './rpc-credentials.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bitcoin-api-'));
});

afterEach(() => rm(folder, { recursive: true }));

describe('authorizationOf', () => {
  it('reads the cookie file anew for every call', async () => {
    const cookieFile = join(folder, '.cookie');
    expect(await authorizationOf({ cookieFile })).toBeUndefined();
    await writeFile(cookieFile, '__cookie__:aaaa\n');
    expect(await authorizationOf({ cookieFile })).toBe(`Basic ${btoa('__cookie__:aaaa')}`);
    await writeFile(cookieFile, '__cookie__:bbbb\n');
    expect(await authorizationOf({ cookieFile })).toBe(`Basic ${btoa('__cookie__:bbbb')}`);
  });

  it('prefers the token, and needs a password for Basic', async () => {
    expect(await authorizationOf({ token: 't', password: 'p' })).toBe('Bearer t');
    expect(await authorizationOf({ user: 'u', password: 'p' })).toBe(`Basic ${btoa('u:p')}`);
    expect(await authorizationOf({ password: 'p' })).toBe(`Basic ${btoa(':p')}`);
    expect(await authorizationOf({ user: 'u' })).toBeUndefined();
  });
});
