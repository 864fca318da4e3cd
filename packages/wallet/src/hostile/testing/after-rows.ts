import { expect } from 'vitest';
import { ask, deliver, type Turn } from '../../testing/seller.js';
import { type Behaviour, delivered, failed, refused, unknown } from './behaviour.js';
import { bomb } from './bomb.js';
import { afterPaying, type Stage } from './stage.js';

const paid = (
  name: string,
  then: (turn: Turn, stage: Stage) => unknown,
  ends: Behaviour['ends'],
  more: Partial<Behaviour> = {},
): Behaviour => ({
  name: `after paying: ${name}`,
  http: afterPaying(then),
  ends,
  ...more,
});

const status = (code: number, headers: Record<string, string> = {}): Behaviour =>
  paid(
    `${code}`,
    ({ response }) => response.writeHead(code, headers).end('no'),
    code >= 500 ? failed : refused,
    {
      check: (_stage, { failure }) => expect(failure?.status).toBe(code),
    },
  );

/** The goods, changed in one place of their receipt or in form. */
const goods = (
  name: string,
  headers: (good: Record<string, unknown>) => string | undefined,
  receipt: Parameters<typeof delivered>[0],
): Behaviour =>
  paid(
    `a receipt ${name}`,
    ({ seen, response, seller }) => {
      const { credential } = seen;
      if (credential === undefined) throw new Error('nothing was presented');
      const good = {
        status: 'success',
        method: 'lightning',
        timestamp: new Date().toISOString(),
        reference: seller.node.nodeId,
        challengeId: credential.challenge.id,
      };
      const value = headers(good);
      response.writeHead(200, value === undefined ? {} : { 'payment-receipt': value }).end('goods');
    },
    delivered(receipt),
    { check: (_stage, { answer }) => expect(answer?.text).toBe('goods') },
  );

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const problem =
  (body: unknown) =>
  ({ response }: Turn) => {
    response.writeHead(502, { 'content-type': 'application/problem+json' });
    response.end(JSON.stringify(body));
  };

/** What an HTTP server may do with a payment. */
export const afterRows: readonly Behaviour[] = [
  paid(
    '402 with a new challenge, for ever',
    async ({ response, seller }) => ask(response, await seller.challenge()),
    refused,
    {
      check: async ({ purse, seller }, { failure }) => {
        for (let times = 0; times < 3; times++)
          await expect(purse.wallet.resume(failure?.paymentId ?? '')).rejects.toMatchObject({
            code: 'seller_refused',
          });
        expect(seller.credentials).toHaveLength(4);
      },
    },
  ),
  paid(
    '402 with the same challenge',
    ({ seen, response }) => ask(response, seen.credential?.challenge ?? ''),
    refused,
  ),
  paid(
    '402 with a dearer challenge',
    async ({ response, seller }) => ask(response, await seller.challenge({ amountSat: 90n })),
    refused,
  ),
  paid('402 without a challenge', ({ response }) => response.writeHead(402).end(), refused),
  paid(
    '402 to a fetch that pays',
    async ({ response, seller }) => ask(response, await seller.challenge()),
    refused,
    { by: 'fetch' },
  ),
  ...[400, 401, 403, 404, 409, 410, 413, 422, 425, 451].map((code) => status(code)),
  status(429, { 'retry-after': '0' }),
  ...[500, 501, 502, 504, 599].map((code) => status(code)),
  status(503, { 'retry-after': '0' }),
  paid('304', ({ response }) => response.writeHead(304).end(), refused),
  paid('204 without a receipt', ({ response }) => response.writeHead(204).end(), delivered('missing')),
  paid(
    '200 with HTML and no receipt to a GET, which may have asked for a page: delivered, and said so',
    ({ response }) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>log in</html>'),
    delivered('missing'),
  ),
  paid(
    '200 with HTML and no receipt to JSON: a request that was misread, never a success (R20, R21)',
    ({ response }) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>search</html>'),
    refused,
    {
      request: {
        method: 'POST',
        headers: [['Content-Type', 'application/json']],
        body: new TextEncoder().encode('{"domain":"myname"}'),
      },
      check: (_stage, { failure }) => expect(failure?.message).toContain('a web page without a receipt'),
    },
  ),
  goods('that is garbage', () => '%%%', 'unreadable'),
  goods('that is no JSON', () => Buffer.from('{').toString('base64url'), 'unreadable'),
  goods('that is an empty object', () => encode({}), 'unreadable'),
  goods('of another payment', (good) => encode({ ...good, reference: 'ff'.repeat(32) }), 'mismatch'),
  goods('of another method', (good) => encode({ ...good, method: 'tempo' }), 'mismatch'),
  goods('of another challenge', (good) => encode({ ...good, challengeId: 'x' }), 'mismatch'),
  goods('that says that it failed', (good) => encode({ ...good, status: 'failed' }), 'unreadable'),
  goods('twice', (good) => `${encode(good)}, ${encode(good)}`, 'unreadable'),
  goods(
    'that reaches for the prototype',
    () => Buffer.from('{"__proto__":{"status":"success"}}').toString('base64url'),
    'unreadable',
  ),
  paid(
    'a problem that shouts, in colours',
    problem({ title: 'Bad\u001b[31m', detail: 'x'.repeat(5_000), status: 502, evil: '<script>' }),
    failed,
    {
      check: (_stage, { failure }) => {
        expect(failure?.problem?.title).toBe('Bad [31m');
        expect(failure?.problem?.detail?.length).toBeLessThanOrEqual(501);
        expect(Object.keys(failure?.problem ?? {})).not.toContain('evil');
        // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
        expect(failure?.message).not.toMatch(/[\u0000-\u001f]/);
      },
    },
  ),
  paid(
    'a problem that says: pay again',
    problem({ title: 'no', detail: 'Pay again.', retry: 'pay-again', spent: 'no' }),
    failed,
    {
      check: (_stage, { failure }) =>
        expect(failure).toMatchObject({ retry: 'same-credential', spent: 'yes' }),
    },
  ),
  paid(
    'a problem that says that it is a 200',
    problem({ title: 'fine', status: 200, type: 'about:blank' }),
    failed,
  ),
  paid('a problem of a megabyte', problem({ title: 'x'.repeat(1024 * 1024) }), failed),
  paid('a problem that is an array', problem([[[[]]]]), failed),
  paid(
    'a refusal that echoes the credential',
    ({ seen, response }) =>
      response.writeHead(402).end(JSON.stringify({ title: 'no', echo: seen.headers.authorization })),
    refused,
  ),
  paid(
    'a refusal that unpacks to a hundred megabytes',
    ({ response }) => response.writeHead(403, { 'content-encoding': 'gzip' }).end(bomb),
    refused,
  ),
  paid(
    'an answer that unpacks to a hundred megabytes',
    ({ response }) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
    { kind: 'lost', codes: ['answer_too_large'], state: 'answer-unknown' },
    { by: 'fetch' },
  ),
  paid(
    'an answer that says gzip and is none',
    ({ response }) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('plain'),
    unknown,
  ),
  paid(
    'the goods, and Set-Cookie for everybody',
    ({ seen, response }) => {
      response.setHeader('set-cookie', ['a=b; Domain=.example', 'c=d']);
      if (seen.credential) deliver(response, seen.credential);
    },
    delivered(),
  ),
];
