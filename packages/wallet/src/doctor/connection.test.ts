import { createServer } from 'node:https';
import { type AddressInfo, connect, createServer as createTcp, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { diagnose } from './diagnose.js';
import { selfSigned } from './testing/certificate.js';
import { examineTls } from './tls.js';

const servers: Server[] = [];
let secure = '';
let silent = '';
let closed = '';

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A TCP server that listens has an address of this form.
  return (server.address() as AddressInfo).port;
}

/** A port on which nobody listens, nor will by chance: below those that a system gives out by itself. */
async function portOfNobody(): Promise<number> {
  for (let port = 20_000 + Math.floor(Math.random() * 10_000); ; port += 1) {
    const taken = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true));
      socket.on('error', () => resolve(false)).on('connect', () => socket.destroy());
    });
    if (!taken) return port;
  }
}

beforeAll(async () => {
  secure = `https://127.0.0.1:${await listen(createServer(selfSigned, (_request, response) => response.end()))}/`;
  silent = `http://127.0.0.1:${await listen(createTcp((socket) => socket.destroy()))}/`;
  closed = `http://127.0.0.1:${await portOfNobody()}/`;
});
afterAll(async () => {
  for (const server of servers) if (server.listening) await new Promise((resolve) => server.close(resolve));
});

const codesOf = async (url: string, fetch?: typeof globalThis.fetch) => {
  const { findings } = await diagnose({ url }, { examiners: [], ...(fetch && { fetch }) });
  return findings
    .filter(({ level }) => level === 'fault')
    .map(({ area, code, blame }) => `${area}.${code} ${blame}`);
};

/** What `fetch` does when the system or the TLS library reports this code. */
const failing = (code: string) => async (): Promise<Response> => {
  throw new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) });
};

describe('the connection', () => {
  it('with a certificate that nobody vouches for is a fault of the seller, twice over', async () => {
    const codes = await codesOf(secure);
    expect(codes).toContain('tls.certificate seller');
    expect(codes).toContain('tls.tls_failed seller');
  });

  it('is TLS 1.2 or later there all the same', async () => {
    const findings = await examineTls(secure, Date.now());
    expect(findings).toContainEqual(expect.objectContaining({ code: 'version', level: 'ok' }));
  });

  it('over plain http is right on this machine and nowhere else', async () => {
    expect(await examineTls('http://127.0.0.1:1/', Date.now())).toMatchObject([
      { level: 'note', code: 'loopback' },
    ]);
    expect(await examineTls('http://shop.example/', Date.now())).toMatchObject([
      { level: 'fault', code: 'plain_http' },
    ]);
  });

  it('that nobody takes', async () => {
    expect(await codesOf(closed)).toEqual(['network.refused seller']);
  });

  it('that breaks off', async () => {
    expect(await codesOf(silent)).toEqual(['network.unreachable network']);
  });

  it('to a name that does not exist', async () => {
    expect(await codesOf('http://localhost:1/', failing('ENOTFOUND'))).toEqual([
      'network.name_unknown network',
    ]);
  });
});
