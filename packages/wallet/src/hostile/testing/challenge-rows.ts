import { type Challenge, serializeChallenge } from '@farebox/protocol';
import { expect } from 'vitest';
import type { Seller } from '../../testing/seller.js';
import { type Behaviour, delivered, free, nothing } from './behaviour.js';
import { bytesOf402 } from './raw-seller.js';
import { asking, bytesOfGoods } from './stage.js';

/** One `WWW-Authenticate` value, made of an honest one. */
const written = (
  name: string,
  write: (good: string, challenge: Challenge) => string,
  ends: Behaviour['ends'],
): Behaviour => ({
  name,
  http: asking(async (seller) => {
    const challenge = await seller.challenge();
    return [write(serializeChallenge(challenge), challenge)];
  }),
  ends,
});

/** As {@link written}, in bytes that an HTTP library would not send. */
const inBytes = (name: string, write: (good: string) => string, ends: Behaviour['ends']): Behaviour => ({
  name,
  raw: async (turn, { seller }) => {
    const good = serializeChallenge(await seller.challenge());
    turn.socket.write(turn.credential ? bytesOfGoods(turn) : write(good), 'latin1');
  },
  ends,
});

const withMember = (name: string, members: Partial<Challenge>, ends: Behaviour['ends']): Behaviour => ({
  name,
  http: asking(async (seller) => [await seller.challenge({ members })]),
  ends,
});

const status = (code: number, ends: Behaviour['ends']): Behaviour => ({
  name: `a challenge in a ${code}: only a 402 asks for payment`,
  http: async ({ response, seller }) => {
    const value = serializeChallenge(await seller.challenge());
    response.writeHead(code, { 'www-authenticate': value }).end();
  },
  ends,
});

const unpayable = nothing('no_payable_challenge');
const lying = (seller: Seller) => seller.challenge({ amountSat: 1n, invoiceSat: 7n });
const head = 'HTTP/1.1 402 Payment Required\r\n';
const foreign = 'Payment id="c", realm="r", method="tempo", intent="charge", request="e30"';

/** How the seller says it: headers, parameters, several challenges. */
export const challengeRows: readonly Behaviour[] = [
  written('no challenge at all', () => '', unpayable),
  written('another scheme', () => 'Bearer realm="x"', unpayable),
  written('another method', () => foreign, unpayable),
  written('garbage', () => 'Payment ,,,=="', unpayable),
  written('an endless list of parameters', () => `Payment ${'id="a", '.repeat(1_000)}`, unpayable),
  written('an unbalanced quote', (good) => good.replace(/"$/, ''), unpayable),
  written(
    'an unbalanced quote before a good one does not hide it',
    (good) => `Basic realm="x, ${good}`,
    delivered(),
  ),
  written('the same parameter twice', (good) => `${good}, id="other"`, unpayable),
  written('the price twice', (good) => good.replace('request=', 'request="e30", request='), unpayable),
  written(
    'forty foreign challenges before the good one',
    (good) => [...Array(40).fill(foreign), good].join(', '),
    unpayable,
  ),
  written('the method in capitals', (good) => good.replace('"lightning"', '"LIGHTNING"'), unpayable),
  written('the method with one capital', (good) => good.replace('"lightning"', '"Lightning"'), unpayable),
  written('the intent with one capital', (good) => good.replace('"charge"', '"Charge"'), unpayable),
  written(
    'the scheme in odd case, as HTTP allows',
    (good) => good.replace(/^Payment/, 'pAyMeNt'),
    delivered(),
  ),
  written('an empty id', (good) => good.replace(/id="[^"]*"/, 'id=""'), unpayable),
  written(
    'an expiry that is no time',
    (good) => good.replace(/expires="[^"]*"/, 'expires="soon"'),
    unpayable,
  ),
  written('a request that is no JSON', (good) => good.replace(/request="[^"]*"/, 'request="%%%"'), unpayable),
  written(
    'a request that reaches for the prototype',
    (good) => {
      const evil = Buffer.from('{"__proto__":{"amount":"1"},"constructor":{}}').toString('base64url');
      return good.replace(/request="[^"]*"/, `request="${evil}"`);
    },
    nothing('challenge_refused', 'no_payable_challenge'),
  ),
  withMember(
    'a digest of another body',
    { digest: 'sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:' },
    nothing('digest_mismatch'),
  ),
  withMember('too large to be echoed', { opaque: 'A'.repeat(12_500) }, nothing('challenge_refused')),
  {
    ...withMember('the realm of another origin: the credential goes to who asked, once', {}, delivered()),
    http: async (turn) =>
      asking(async (seller) => [await seller.challenge({ members: { realm: 'https://bank.example' } })])(
        turn,
      ),
    check: ({ presented }) => expect(presented).toHaveLength(1),
  },
  written('a credential wanted in Cookie', (good) => `${good}, header="Cookie"`, unpayable),
  {
    ...withMember(
      'a credential wanted where one`s own Authorization is',
      { header: 'Authorization' },
      nothing('authorization_taken'),
    ),
    by: 'fetch',
    request: { headers: { Authorization: 'Bearer mine' } },
  },
  {
    name: 'the good one among malformed, foreign and lying ones',
    http: asking(async (seller) => [
      'Basic realm="x, Payment id=\\"no\\""',
      'Payment id="", realm="r", method="lightning", intent="charge", request="e30"',
      'Payment id="b", realm="r", method="lightning", intent="charge", request="%%%"',
      foreign,
      await lying(seller),
      await seller.challenge({ amountSat: 3n }),
      'L402 macaroon="x", invoice="y"',
    ]),
    ends: delivered(),
    check: async (stage) => expect(await stage.spentMsat()).toBe(3_000n),
  },
  {
    name: 'three good ones: one is paid',
    http: asking(async (seller) => [
      await seller.challenge({ amountSat: 2n }),
      await seller.challenge({ amountSat: 1n }),
      await seller.challenge({ amountSat: 3n }),
    ]),
    ends: delivered(),
    check: ({ purse }) => expect(purse.node.paid).toHaveLength(1),
  },
  {
    name: 'only lying ones, twenty of them',
    http: asking((seller) => Promise.all(Array.from({ length: 20 }, () => lying(seller)))),
    ends: nothing('challenge_refused'),
  },
  status(200, free(200)),
  status(302, free(302)),
  status(401, free(401)),
  status(403, free(403)),
  status(500, free(500)),
  inBytes(
    'a header of a megabyte',
    () => `${head}X-Fill: ${'a'.repeat(1024 * 1024)}\r\n\r\n`,
    nothing('unreachable'),
  ),
  inBytes(
    'a challenge of a megabyte',
    () => bytesOf402(`Payment id="${'a'.repeat(1024 * 1024)}"`),
    nothing('unreachable'),
  ),
  inBytes(
    'two hundred large headers',
    () => `${head}${`X-Fill: ${'a'.repeat(1_000)}\r\n`.repeat(200)}\r\n`,
    nothing('unreachable'),
  ),
  inBytes(
    'ten thousand small headers',
    () => `${head}${'A: b\r\n'.repeat(10_000)}\r\n`,
    nothing('unreachable'),
  ),
  inBytes(
    'headers that are none',
    () => `${head}WWW-Authenticate\r\n: Payment\r\n\r\n`,
    nothing('unreachable'),
  ),
  inBytes(
    'an escape sequence in a header',
    () => bytesOf402('Payment realm="\u001b[31m"'),
    nothing('unreachable'),
  ),
  inBytes('a NUL in a header', () => bytesOf402('Payment realm="\0"'), nothing('unreachable')),
  inBytes(
    'a header split over lines, to smuggle another',
    (good) => `${head}WWW-Authenticate: Payment x="\r\n ${good}\r\nContent-Length: 0\r\n\r\n`,
    nothing('unreachable', 'no_payable_challenge'),
  ),
  inBytes(
    'the same header many times: bad, bad, good',
    (good) =>
      `${head}WWW-Authenticate: Payment "\r\nWWW-Authenticate: ${foreign}\r\nWWW-Authenticate: ${good}\r\nContent-Length: 0\r\n\r\n`,
    delivered(),
  ),
];
