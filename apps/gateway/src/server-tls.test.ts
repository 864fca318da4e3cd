import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { otherCertificate } from './testing/other-certificate.js';
import { openRig, type Rig } from './testing/rig.js';
import { certificate } from './upstream/testing/certificate.js';

let rig: Rig | undefined;
let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farebox-tls-'));
});
afterEach(async () => {
  await rig?.close();
  rig = undefined;
  await rm(folder, { recursive: true });
});

const files = () => ({ cert_file: join(folder, 'cert.pem'), key_file: join(folder, 'key.pem') });

async function write({ cert, key }: { readonly cert: string; readonly key: string }): Promise<void> {
  await writeFile(files().cert_file, cert);
  await writeFile(files().key_file, key, { mode: 0o600 });
}

async function opened(minVersion: '1.2' | '1.3' = '1.2'): Promise<Rig> {
  await write(certificate);
  let told: unknown;
  rig = await openRig({
    config: { tls: { ...files(), min_version: minVersion } },
    listener: (incoming, response) => {
      told = incoming.headers['x-forwarded-proto'];
      response.end(String(told));
    },
  });
  return rig;
}

/** A connection that trusts anybody; what it is given is looked at. */
function dial(port: number, options: object = {}): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options });
    socket.once('secureConnect', () => resolve(socket)).once('error', reject);
  });
}

const fingerprint = (pem: string): string => new X509Certificate(pem).fingerprint256;

describe('TLS', () => {
  it('serves https with a certificate that is checked, and tells the upstream', async () => {
    const { port, url } = await opened();
    expect(url).toBe(`https://127.0.0.1:${port}`);
    const body = await new Promise<string>((resolve, reject) => {
      const asked = request(`${url}/free/x`, { ca: certificate.cert }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        response.on('end', () => resolve(text));
      });
      asked.on('error', reject).end();
    });
    expect(body).toBe('https');
  });

  it('refuses versions that are too old', async () => {
    const { port } = await opened('1.3');
    await expect(dial(port, { maxVersion: 'TLSv1.2' })).rejects.toThrow();
    (await dial(port, { minVersion: 'TLSv1.3' })).destroy();
  });

  it('a reload exchanges the certificate; connections that are open stay', async () => {
    const { port, gateway } = await opened();
    const before = await dial(port);
    expect(before.getPeerCertificate().fingerprint256).toBe(fingerprint(certificate.cert));
    await write(otherCertificate);
    await gateway.reload(gateway.config);
    const after = await dial(port);
    expect(after.getPeerCertificate().fingerprint256).toBe(fingerprint(otherCertificate.cert));
    const answered = new Promise<string>((resolve) =>
      before.once('data', (part: Buffer) => resolve(part.toString())),
    );
    before.write('GET /free/x HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(await answered).toMatch(/^HTTP\/1\.1 200/);
    before.destroy();
    after.destroy();
  });

  it('a certificate that does not fit its key changes nothing', async () => {
    const { port, gateway } = await opened();
    await write({ cert: otherCertificate.cert, key: await readFile(files().key_file, 'utf8') });
    const refused = await gateway.reload(gateway.config).catch((error: unknown) => error);
    expect(String(refused)).toMatch(/cert\.pem .* cannot be used together/);
    expect(String(refused)).not.toMatch(/BEGIN/);
    const socket = await dial(port);
    expect(socket.getPeerCertificate().fingerprint256).toBe(fingerprint(certificate.cert));
    socket.destroy();
  });

  it('plain HTTP on the TLS port ends without an answer, and nobody else notices', async () => {
    const { port } = await opened();
    const { exchangeRaw } = await import('./testing/client.js');
    const text = await exchangeRaw(port, 'GET /free/x HTTP/1.1\r\nHost: a\r\n\r\n').catch(() => '');
    expect(text).not.toMatch(/200/);
    (await dial(port)).destroy();
  });
});
