import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSecret, readSecretBytes, readTlsTrust, secretBytesMax } from './config-secrets.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farebox-secrets-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function file(name: string, content: string | Uint8Array): Promise<{ readonly file: string }> {
  const path = join(folder, name);
  await writeFile(path, content);
  return { file: path };
}

describe('readSecret', () => {
  it('reads a file without the white space around it', async () => {
    expect(await readSecret(await file('rune', '  abc def==\r\n'), {})).toBe('abc def==');
  });

  it('reads a variable', async () => {
    expect(await readSecret({ variable: 'RUNE' }, { RUNE: 'abc' })).toBe('abc');
  });

  it.each([
    ['an empty file', ''],
    ['white space', ' \n\n'],
    ['two lines', 'secret-one\nsecret-two\n'],
    ['bytes', 'secret\x00secret'],
    ['other letters', 'geheimß'],
    ['too much', 'x'.repeat(secretBytesMax + 1)],
  ])('refuses %s, names the file, and does not repeat it', async (_, content) => {
    const source = await file('bad', content);
    const failure = await readSecret(source, {}).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'NodeError', code: 'node_refused' });
    const text = failure instanceof Error ? failure.message : '';
    expect(text).toContain(source.file);
    expect(text).not.toMatch(/secret-one|secret\0|geheim|xxx/);
  });

  it('says which file or variable is missing', async () => {
    const nowhere = { file: join(folder, 'nowhere') };
    await expect(readSecret(nowhere, {})).rejects.toThrow(/nowhere cannot be read/);
    await expect(readSecret({ variable: 'RUNE' }, {})).rejects.toThrow(/variable RUNE holds no secret/);
    await expect(readSecretBytes({ variable: 'RUNE' }, { RUNE: '' })).rejects.toMatchObject({
      code: 'node_refused',
    });
  });
});

describe('readSecretBytes', () => {
  it('keeps a macaroon as it stands', async () => {
    const bytes = Uint8Array.from([2, 0, 255, 10, 13, 32]);
    expect([...(await readSecretBytes(await file('macaroon', bytes), {}))]).toEqual([...bytes]);
  });
});

describe('readTlsTrust', () => {
  it('reads the certificates, passes a fingerprint on, and names a file that is not there', async () => {
    const certificate = await file('ca.pem', 'PEM');
    expect(await readTlsTrust({ certificateFile: certificate.file })).toEqual({ certificates: 'PEM' });
    expect(await readTlsTrust({ fingerprint: 'ab' })).toEqual({ fingerprint: 'ab' });
    expect(await readTlsTrust(undefined)).toBeUndefined();
    await expect(readTlsTrust({ certificateFile: join(folder, 'gone.pem') })).rejects.toThrow(/gone\.pem/);
  });
});
