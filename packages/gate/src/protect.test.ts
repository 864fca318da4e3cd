import { once as event } from 'node:events';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ClaimState } from '@farebox/ledger';
import { parseChallenges, parseReceipt } from '@farebox/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ProtectOptions } from './protect.js';
import type { Terms } from './terms.js';
import { openRig, paidCredential, type Rig, safe } from './testing/rig.js';

let rig: Rig;
let server: Server;
beforeEach(async () => {
  rig = await openRig();
  // The gate's clock is the real one here: sockets do not wait.
  rig.clock.nowMs = Date.now();
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
  await rig.close();
});

interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

interface Ask {
  readonly method?: string;
  readonly path?: string;
  readonly body?: string;
  readonly credential?: string;
}

async function sell(listener: RequestListener, terms: Terms = safe, options?: ProtectOptions): Promise<void> {
  server = createServer(rig.gate.protect(terms, listener, options));
  server.listen(0, '127.0.0.1');
  await event(server, 'listening');
}

function open({ method = 'GET', path = '/v1/joke', body, credential }: Ask) {
  const { port } = server.address() as AddressInfo; // a TCP server that listens
  const headers = credential === undefined ? {} : { Authorization: credential };
  const maxHeaderSize = 131_072;
  const request = httpRequest({
    host: '127.0.0.1',
    port,
    method,
    path,
    headers,
    agent: false,
    maxHeaderSize,
  });
  request.end(body);
  return request;
}

async function ask(what: Ask): Promise<Reply> {
  const request = open(what);
  const [response]: IncomingMessage[] = await event(request, 'response');
  if (response === undefined) throw new Error('no response');
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: Buffer.concat(chunks).toString(),
  };
}

async function payFor(what: Ask): Promise<Ask> {
  const { headers } = await ask(what);
  const [challenge] = parseChallenges(headers['www-authenticate'] ?? '').challenges;
  if (challenge === undefined) throw new Error('no challenge');
  return { ...what, credential: await paidCredential(rig, challenge) };
}

/** The one claim is told of when the answer has left, which its client may see first. */
const becomes = (state: ClaimState) =>
  expect.poll(() => rig.ledger.totals(), { timeout: 30_000 }).toMatchObject([{ state, count: 1 }]);

describe('protect', () => {
  it('sells a plain handler: 402, then the answer with a receipt, then 402', async () => {
    let calls = 0;
    await sell((_request, response) => {
      calls++;
      response.setHeader('Cache-Control', 'public, max-age=60');
      response.end('Knock, knock.');
    });
    const unpaid = await ask({});
    expect(unpaid.status).toBe(402);
    const paid = await payFor({});
    const answer = await ask(paid);
    expect(answer).toMatchObject({ status: 200, body: 'Knock, knock.' });
    expect(answer.headers['cache-control']).toBe('private');
    const receipt = parseReceipt(String(answer.headers['payment-receipt']));
    expect(receipt.ok && receipt.value.reference).toMatch(/^[0-9a-f]{64}$/);
    await becomes('answered');
    expect((await ask(paid)).status).toBe(402);
    expect(calls).toBe(1);
  });

  it('keeps what a handler wrote in pieces, with writeHead in both forms, in order', async () => {
    await sell((request, response) => {
      if (request.url === '/v1/flat')
        response.writeHead(201, 'Made', ['X-A', '1', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2']);
      else response.writeHead(201, { 'X-A': '1', 'Set-Cookie': ['a=1', 'b=2'] });
      response.write('one ');
      response.write(Buffer.from('two '), () => response.end('three'));
    });
    for (const path of ['/v1/flat', '/v1/record']) {
      const answer = await ask(await payFor({ path }));
      expect(answer).toMatchObject({ status: 201, body: 'one two three' });
      expect(answer.headers['x-a']).toBe('1');
      expect(answer.headers['set-cookie']).toEqual(['a=1', 'b=2']);
    }
  });

  it('streams under back-pressure: a pipeline of 5 MiB arrives whole', async () => {
    const { Readable } = await import('node:stream');
    const chunk = Buffer.alloc(65_536, 'x');
    await sell((_request, response) => {
      Readable.from(Array.from({ length: 80 }, () => chunk)).pipe(response);
    });
    const answer = await ask(await payFor({}));
    expect(answer.body.length).toBe(80 * chunk.length);
  });

  it('gives no receipt on a failure, and the same credential works again', async () => {
    let fail = true;
    await sell((_request, response) => {
      response.statusCode = fail ? 500 : 200;
      response.end(fail ? 'broken' : 'fine');
    });
    const paid = await payFor({});
    const failed = await ask(paid);
    expect(failed).toMatchObject({ status: 500, body: 'broken' });
    expect(failed.headers['payment-receipt']).toBeUndefined();
    await becomes('released');
    fail = false;
    expect(await ask(paid)).toMatchObject({ status: 200, body: 'fine' });
  });

  it('hands the handler the body that the payment is bound to', async () => {
    await sell(
      async (request, response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk);
        response.end(`${request.method} ${request.headers['content-length']} ${Buffer.concat(chunks)}`);
      },
      { ...safe, effect: 'once' },
    );
    const paid = await payFor({ method: 'POST', body: '{"n":1}' });
    expect((await ask({ ...paid, body: '{"n":2}' })).status).toBe(402);
    expect(await ask(paid)).toMatchObject({ status: 200, body: 'POST 7 {"n":1}' });
  });

  it('refuses a body over the bound, announced or not', async () => {
    await sell((_request, response) => response.end('ok'), safe, { bodyBytesMax: 10 });
    expect((await ask({ method: 'POST', body: 'x'.repeat(11) })).status).toBe(413);
    const { port } = server.address() as AddressInfo; // a TCP server that listens
    const request = httpRequest({ host: '127.0.0.1', port, method: 'POST', path: '/v1/joke', agent: false });
    request.on('error', () => {});
    request.write('x'.repeat(8));
    request.write('x'.repeat(8));
    const [response]: IncomingMessage[] = await event(request, 'response');
    expect(response?.statusCode).toBe(413);
    request.destroy();
  });

  it('refuses a target that is not in normal form', async () => {
    await sell((_request, response) => response.end('ok'));
    expect((await ask({ path: '/v1/../joke' })).status).toBe(400);
  });

  it('answers HEAD without a body', async () => {
    await sell((_request, response) => response.end('ok'));
    const unpaid = await ask({ method: 'HEAD' });
    expect(unpaid).toMatchObject({ status: 402, body: '' });
    expect(unpaid.headers['www-authenticate']).toMatch(/^Payment /);
  });

  it('gives the answer again when the connection was lost in the middle of it', async () => {
    let calls = 0;
    await sell((_request, response) => {
      calls++;
      if (calls > 1) return void response.end('all of it');
      response.write('half');
    });
    const paid = await payFor({});
    const request = open(paid);
    const [response]: IncomingMessage[] = await event(request, 'response');
    response?.on('error', () => {});
    request.destroy();
    // The server learns of the loss in its own time; until then the credential is in progress.
    let answer = await ask(paid);
    while (answer.status === 409) answer = await ask(paid);
    expect(answer).toMatchObject({ status: 200, body: 'all of it' });
  });

  it('gives a once claim back when the client leaves before the handler is called', async () => {
    let calls = 0;
    const once = { ...safe, effect: 'once' } as const;
    await sell((_request, response) => {
      calls++;
      response.end('made');
    }, once);
    const paid = await payFor({ method: 'POST', body: '1' });
    // The client is gone as soon as its request has been read whole: the ledger is still to be asked.
    server.once('request', (request, response) => request.once('end', () => response.destroy()));
    const left = open({ ...paid, method: 'POST', body: '1' });
    await event(left, 'error');
    await becomes('released');
    expect(calls).toBe(0);
    expect(await ask({ ...paid, method: 'POST', body: '1' })).toMatchObject({ status: 200, body: 'made' });
    expect(calls).toBe(1);
  });

  it('delivers an answer whose fields are more than is kept', async () => {
    const links = Array.from({ length: 10 }, (_, n) => `<https://example.com/${n}${'x'.repeat(7_000)}>`);
    await sell((_request, response) => response.setHeader('Link', links).end('made'), {
      ...safe,
      effect: 'once',
    });
    const paid = await payFor({ method: 'POST', body: '1' });
    const answer = await ask(paid);
    expect(answer).toMatchObject({ status: 200, body: 'made' });
    expect(answer.headers.link).toBe(links.join(', '));
    await becomes('answered');
  });

  it('calls the handler once for 200 simultaneous presentations (invariant 1)', async () => {
    let calls = 0;
    await sell((_request, response) => {
      calls++;
      response.end('ok');
    });
    const paid = await payFor({});
    const answers = await Promise.all(Array.from({ length: 200 }, () => ask(paid)));
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
    expect(calls).toBe(1);
  });
});
