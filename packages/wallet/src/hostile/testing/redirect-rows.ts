import { serializeChallenge } from '@farebox/protocol';
import { expect } from 'vitest';
import { honest } from '../../testing/seller.js';
import { type Behaviour, delivered, free, nothing, refused } from './behaviour.js';
import { afterPaying, type Stage } from './stage.js';

type Place = string | ((stage: Stage) => string);
const placeIn = (place: Place, stage: Stage) => (typeof place === 'string' ? place : place(stage));
const away: Place = ({ witness }) => `${witness.url}/steal`;
const mine = { 'X-API-Key': 'secret', Authorization: 'Bearer mine', Cookie: 'session=mine' };

/** A redirect before anything is paid, to a fetch that would follow it where that is safe. */
const before = (
  name: string,
  code: number,
  place: Place,
  ends: Behaviour['ends'] = nothing('redirect_refused'),
): Behaviour => ({
  name: `before paying: ${name}`,
  http: (turn, stage) =>
    turn.seen.url === '/new'
      ? honest(turn)
      : turn.response.writeHead(code, { location: placeIn(place, stage) }).end(),
  by: 'fetch',
  request: { headers: { 'X-API-Key': 'secret' } },
  ends,
});

/** A redirect once it is paid. */
const after = (name: string, code: number, place: Place, check?: Behaviour['check']): Behaviour => ({
  name: `after paying: ${name}`,
  http: afterPaying(({ response }, stage) =>
    response.writeHead(code, { location: placeIn(place, stage) }).end('<html>'),
  ),
  ends: refused,
  ...(check && { check }),
});

/** Redirects of every kind. The witness must never be asked for anything. */
export const redirectRows: readonly Behaviour[] = [
  {
    ...before('to another origin, with secrets', 302, away),
    request: { headers: mine },
  },
  before('307 of a POST to another origin', 307, away),
  { ...before('308 with a body to another origin', 308, away), request: { method: 'POST', body: '{}' } },
  {
    ...before('302 of a POST: it would lose its body', 302, '/new'),
    request: { method: 'POST', body: '{}' },
  },
  { ...before('303 of a POST', 303, '/new'), request: { method: 'POST', body: '{}' } },
  before('in a circle', 302, '/goods'),
  before('to a file', 302, 'file:///etc/passwd'),
  before('to a script', 302, 'javascript:alert(1)'),
  before('to data', 302, 'data:text/plain,goods'),
  before('to the same place with a name and a password', 302, ({ url }) => url.replace('//', '//user:pass@')),
  before('to another port', 301, 'http://127.0.0.1:9/'),
  before('from the number to the name of this machine', 301, ({ url }) =>
    url.replace('127.0.0.1', 'localhost'),
  ),
  before('to what is no URL', 302, 'http://['),
  before('with a credential-stripping double slash', 302, '//evil.example/goods'),
  {
    ...before('within the origin: followed, and paid there once', 307, '/new', delivered()),
    check: ({ seller }) => expect(seller.seen.map(({ url }) => url)).toEqual(['/goods', '/new', '/new']),
  },
  { ...before('handed on, where the caller follows none', 302, away, free(302)), by: 'wallet' },
  {
    name: 'before paying: a 302 that carries a challenge is not paid',
    http: async ({ response, seller }) => {
      const value = serializeChallenge(await seller.challenge());
      response.writeHead(302, { location: '/goods', 'www-authenticate': value }).end();
    },
    by: 'fetch',
    ends: nothing('redirect_refused'),
  },
  after('302 to /search is no success (R20)', 302, '/search', ({ seller }, { failure }) => {
    expect(failure).toMatchObject({ status: 302, message: expect.stringContaining('/search') });
    expect(seller.seen.map(({ url }) => url)).toEqual(['/goods', '/goods']);
  }),
  after('301 to another origin', 301, away),
  after('307 to another origin: the credential goes nowhere else', 307, away),
  after('308 to a file', 308, 'file:///etc/passwd'),
  after('303 within the origin', 303, '/new'),
  { ...after('307 within the origin, to a fetch that follows', 307, '/new'), by: 'fetch' },
  {
    ...after('302 with control characters in its place', 302, '/a%1b[31m', (_stage, { failure }) =>
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
      expect(failure?.message).not.toMatch(/[\u0000-\u001f]/),
    ),
  },
];
