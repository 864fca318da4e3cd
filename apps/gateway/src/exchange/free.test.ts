import { once } from 'node:events';
import { request as httpRequest, type RequestListener } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { open } from '../testing/client.js';
import { openRig, type Rig, type RigOptions, startUpstream, until } from '../testing/rig.js';

let rig: Rig | undefined;
async function opened(options?: RigOptions): Promise<Rig> {
  rig = await openRig(options);
  return rig;
}
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

describe('a free route', () => {
  it('passes method, path, query, body and answer through', async () => {
    const echo: RequestListener = (request, response) => {
      response.writeHead(201, { 'X-Line': `${request.method} ${request.url}` });
      request.pipe(response);
    };
    const { ask } = await opened({ listener: echo });
    const body = Buffer.alloc(200_000, 'xyz');
    const reply = await ask('/free/a%20b?q=1&r=%2F', { method: 'PUT', body });
    expect(reply.status).toBe(201);
    expect(reply.field('x-line')).toBe('PUT /free/a%20b?q=1&r=%2F');
    expect(reply.body.equals(body)).toBe(true);
    const chunked = await ask('/free/x', { method: 'POST', body, headers: ['Transfer-Encoding', 'chunked'] });
    expect(chunked.body.equals(body)).toBe(true);
  });

  it('adds a base path and strips a prefix', async () => {
    const upstream = await startUpstream((request, response) => void response.end(request.url));
    const { ask } = await opened({
      config: { upstreams: { api: `${upstream.url}/base/` } },
      routes: [
        { match: 'GET /free/btc/*', upstream: 'api', price: 'free', strip_prefix: '/free/btc' },
        { match: 'GET /free/plain', upstream: 'api', price: 'free' },
      ],
    });
    expect((await ask('/free/btc/tip?x=1')).body.toString()).toBe('/base/tip?x=1');
    expect((await ask('/free/plain')).body.toString()).toBe('/base/free/plain');
    await upstream.close();
  });

  it('says 503 when the upstream is unreachable, without a word of payment', async () => {
    const { upstream, ask } = await opened();
    await upstream.close();
    const reply = await ask('/free/x', { method: 'POST', body: 'x'.repeat(100_000) });
    expect(reply.status).toBe(503);
    expect(reply.body.toString()).not.toMatch(/credential|payment/i);
  });

  it('a client that leaves cancels the upstream', async () => {
    let asked = 0;
    let cancelled = 0;
    const { port } = await opened({
      listener: (request) => {
        asked += 1;
        request.socket.on('close', () => {
          cancelled += 1;
        });
      },
    });
    const request = open(port, '/free/x', {}, () => {});
    request.on('error', () => {});
    await until('the upstream has it', () => asked === 1);
    request.destroy();
    await until('it is cancelled', () => cancelled === 1);
  });

  it('an upload is read no faster than the upstream takes it', async () => {
    let go: (() => void) | undefined;
    let received = 0;
    const { port } = await opened({
      listener: (request, response) => {
        go = () => {
          request.on('data', (chunk: Buffer) => {
            received += chunk.length;
          });
          request.on('end', () => response.end());
        };
      },
    });
    const size = 64 * 1024 * 1024;
    const headers = { Host: 'a', 'Content-Length': size };
    const upload = httpRequest({
      host: '127.0.0.1',
      port,
      path: '/free/x',
      method: 'PUT',
      headers,
      agent: false,
    });
    const chunk = Buffer.alloc(64 * 1024);
    let written = 0;
    const more = (): void => {
      while (written < size) {
        written += chunk.length;
        if (!upload.write(chunk)) {
          upload.once('drain', more);
          return;
        }
      }
      upload.end();
    };
    more();
    await until('the upstream has it', () => go !== undefined);
    let before = -1;
    await until('the client is held up', async () => {
      const still = written === before;
      before = written;
      await new Promise((wake) => setTimeout(wake, 100));
      return still;
    });
    expect(written).toBeLessThan(size / 2);
    go?.();
    const [response] = await once(upload, 'response');
    expect(response.statusCode).toBe(200);
    response.resume();
    expect(received).toBe(size);
  });
});
