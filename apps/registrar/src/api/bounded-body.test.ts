import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask, newAgent, registerPath } from '../testing/client.js';
import { openRig, type Rig } from '../testing/rig.js';
import { bodyBytesMax } from './app.js';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.close());

/** Sends the very bytes of a request and gives the whole answer: clients of a library would add fields of their own. */
async function send(head: readonly string[], body = ''): Promise<{ status: number; text: string }> {
  const { hostname, port } = new URL(rig.url);
  const text = await new Promise<string>((resolve, reject) => {
    let received = '';
    const socket = connect(Number(port), hostname, () =>
      socket.write(`${[...head, 'Host: names.test', 'Connection: close'].join('\r\n')}\r\n\r\n${body}`),
    );
    socket.setEncoding('utf8').on('data', (part: string) => {
      received += part;
    });
    // Who is refused may still be sending: what has been answered by then counts.
    socket.on('error', (error) => received === '' && reject(error)).on('close', () => resolve(received));
  });
  return { status: Number(text.split(' ', 2)[1]), text };
}

const json = { domain: 'myname', namespace: 'agent', years: 1, agreed_to_terms: true };
const chunked = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;
const order = (key: string) => [
  `POST ${registerPath} HTTP/1.1`,
  `X-API-Key: ${key}`,
  'Content-Type: application/json',
  'Transfer-Encoding: chunked',
];

describe('a request', () => {
  it('R26: resets a lock as the document’s curl does, without a length and without a body', async () => {
    const [one, other] = [await newAgent(rig), await newAgent(rig)];
    expect((await ask(rig, registerPath, { json, key: one.key })).status).toBe(402);
    const reset = (key: string) =>
      send(['POST /api/v1/domains/myname.agent/reset-lock HTTP/1.1', `X-API-Key: ${key}`]);
    expect((await reset(other.key)).status).toBe(403);
    const cleared = await reset(one.key);
    expect([cleared.status, cleared.text]).toEqual([
      200,
      expect.stringContaining('Cleared lock for myname.agent'),
    ]);
    expect((await ask(rig, registerPath, { json, key: other.key })).status).toBe(402);
  });

  it('is read whole where it comes in chunks, and bound to the same bytes', async () => {
    const { key } = await newAgent(rig);
    const asked = await send(order(key), chunked(JSON.stringify(json)));
    expect(asked.status).toBe(402);
    expect(asked.text).toMatch(/digest="sha-256=/);
    expect((await send(order(key), chunked(JSON.stringify({ ...json, tld: 'other' })))).status).toBe(400);
  });

  it('is refused where it is larger than the bound, announced or not', async () => {
    const { key } = await newAgent(rig);
    const large = 'x'.repeat(bodyBytesMax + 1);
    expect((await send(order(key), chunked(large))).status).toBe(413);
    expect((await ask(rig, registerPath, { json: { ...json, note: large }, key })).status).toBe(413);
    expect((await ask(rig, registerPath, { json, key })).status).toBe(402);
  });
});

it('a connection stays open for longer than clients keep one: no paid order is sent into its end', async () => {
  const { headers } = await ask(rig, '/openapi.json');
  expect(Number(/timeout=(\d+)/.exec(headers.get('keep-alive') ?? '')?.[1])).toBeGreaterThan(60);
});
