import type { LightningNode } from '@farebox/lightning';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Facade, type FacadeReply, serveFacade } from './facade.js';
import { openConfigured } from './facade-world.js';
import { shown } from './steps.js';

const hash = 'ab'.repeat(32);
const secret = 'the-credential-of-this-test';

const written = {
  cln: { kind: 'cln', rune_env: 'NODE_SECRET' },
  phoenixd: { kind: 'phoenixd', password_env: 'NODE_SECRET' },
  eclair: { kind: 'eclair', password_env: 'NODE_SECRET' },
  lnbits: { kind: 'lnbits', key_env: 'NODE_SECRET', network: 'regtest' },
  btcpay: { kind: 'btcpay', key_env: 'NODE_SECRET', network: 'regtest', store_id: 'store' },
} as const;

/** Answers as each node writes them in its documentation or source, and as things between us and it write them. */
describe('what is no answer to "what became of the payment?" is never taken for "it was not made"', () => {
  let facade: Facade;
  let reply: FacadeReply = { text: '' };
  const opened: LightningNode[] = [];
  beforeAll(async () => {
    facade = await serveFacade(async () => reply);
  });
  afterEach(async () => {
    for (const node of opened.splice(0)) await node.close();
  });
  afterAll(() => facade.close());

  const json = (status: number, value: object): FacadeReply => ({
    status,
    json: JSON.parse(JSON.stringify(value)),
  });
  const text = (status: number, words: string): FacadeReply => ({ status, text: words, type: 'text/html' });
  const everywhere: (readonly [string, FacadeReply, string])[] = [
    ['an empty answer', text(200, ''), 'node_misbehaved'],
    ['a page', text(200, '<html>Sign in</html>'), 'node_misbehaved'],
    ['an empty object', json(200, {}), '-'],
    ['a list of numbers', json(200, [1, 2]), 'node_misbehaved'],
    ["a proxy's 404", text(404, '<h1>404 Not Found</h1>'), '-'],
    ["a proxy's 502", text(502, '<h1>502 Bad Gateway</h1>'), 'node_unreachable'],
    ["a proxy's 504", text(504, ''), 'node_unreachable'],
    ['too many requests', text(429, ''), 'node_unreachable'],
    ['a credential that is not accepted', text(401, secret), 'node_unauthorized'],
    ['a right that is missing', json(403, { message: `${secret} may not` }), 'node_unauthorized'],
    ['an accident', json(500, { error: 'API call failed: check logs for more details' }), '-'],
  ];
  const own: Record<keyof typeof written, (readonly [string, FacadeReply, string])[]> = {
    cln: [
      [
        'the node is away',
        json(500, { code: null, message: 'Error connecting', data: null }),
        'node_unreachable',
      ],
      [
        'bad parameters',
        json(500, { code: -32602, message: 'payment_hash: should be 32 bytes' }),
        'node_refused',
      ],
      ['no such method', json(404, { code: -32601, message: "Unknown command 'listpays'" }), 'node_refused'],
      ['a rune for something else', json(401, { code: 1502, message: 'Not permitted' }), 'node_unauthorized'],
      ['payments that are none', json(201, { pays: [null] }), 'node_misbehaved'],
      ['no list', json(201, { pays: {} }), 'node_misbehaved'],
    ],
    phoenixd: [
      ['an endpoint that it has not got', text(404, 'Unknown endpoint (check api doc)'), 'node_misbehaved'],
    ],
    eclair: [
      [
        'a path that it has not got',
        json(404, { error: 'The requested resource could not be found.' }),
        'node_refused',
      ],
      ['its time-out', json(408, { error: 'request timed out' }), 'node_refused'],
    ],
    lnbits: [
      ['a key that it does not know', json(404, { detail: 'Wallet not found.' }), 'node_unauthorized'],
      ['what strangers are told', json(200, { paid: false, preimage: null }), 'node_misbehaved'],
    ],
    btcpay: [
      [
        'a store without a node',
        json(404, { code: 'lightning-not-configured', message: 'not set up' }),
        'node_refused',
      ],
      [
        'a node that is away',
        json(503, { code: 'lightning-node-unavailable', message: '' }),
        'node_unreachable',
      ],
      ['a key that is none', json(401, { code: 'unauthenticated', message: '' }), 'node_unauthorized'],
    ],
  };
  const cases = (Object.keys(written) as (keyof typeof written)[]).flatMap((kind) =>
    [...everywhere, ...own[kind]].map(([what, answer, code]) => [kind, what, answer, code] as const),
  );

  it.each(cases)('%s: %s', async (kind, _, answer, code) => {
    reply = answer;
    const node = await openConfigured({ ...written[kind], url: `http://127.0.0.1:${facade.port}` }, secret);
    opened.push(node);
    const outcome: unknown = await node.trackPayment(hash).catch((error: unknown) => error);
    if (outcome instanceof Error) {
      expect(outcome).toMatchObject({ name: 'NodeError', ...(code === '-' ? {} : { code }) });
      expect(shown(outcome)).not.toContain(secret);
      return;
    }
    // Some can read an object that says nothing: then it says nothing.
    expect(code).toBe('-');
    expect(outcome).toEqual({ status: 'in-flight' });
  });
});
