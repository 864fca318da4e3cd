import { serializeChallenge } from '@farebox/protocol';
import { expect } from 'vitest';
import { deliver } from '../../testing/seller.js';
import { type Behaviour, delivered, free, nothing } from './behaviour.js';
import { bomb } from './bomb.js';
import { bytesOf402, drip } from './raw-seller.js';
import { bytesOfGoods } from './stage.js';

/** Something that never ends is given up after this. */
const impatient = { unpaidAnswerMs: 300 };
const network = nothing('unreachable');
const timedOut = nothing('timed_out', 'unreachable');

/** The first answer is these bytes. */
const says = (name: string, bytes: string, ends: Behaviour['ends'] = network): Behaviour => ({
  name,
  raw: ({ socket }) => socket.write(bytes, 'latin1'),
  ends,
});

/** The first answer is a 402 in another form; then the goods. */
const asks402 = (name: string, form: (good: string) => string): Behaviour => ({
  name,
  raw: async (turn, { seller }) => {
    const good = serializeChallenge(await seller.challenge());
    turn.socket.write(turn.credential ? bytesOfGoods(turn) : form(good), 'latin1');
  },
  ends: delivered(),
});

/** The connection before anything is paid. */
export const wireRows: readonly Behaviour[] = [
  { name: 'hangs up at once', raw: ({ socket }) => socket.destroy(), ends: network },
  { name: 'resets the connection', raw: ({ socket }) => socket.resetAndDestroy(), ends: network },
  says('no HTTP at all', 'SSH-2.0-OpenSSH_9.6\r\n'),
  says('a status that is no number', 'HTTP/1.1 4x2 Pay\r\n\r\n'),
  says(
    'an upgrade that nobody asked for',
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
  ),
  ...[99, 600, 999].map((status) => ({
    ...says(`the status ${status}`, `HTTP/1.1 ${status} What\r\nContent-Length: 2\r\n\r\nno`),
    by: 'fetch' as const,
  })),
  says('two lengths', 'HTTP/1.1 402 Pay\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'),
  says('a negative length', 'HTTP/1.1 402 Pay\r\nContent-Length: -5\r\n\r\n'),
  { ...says('silence', '', timedOut), timeouts: impatient },
  {
    ...says('half a head, then silence', 'HTTP/1.1 402 Payment Required\r\nWWW-Auth', timedOut),
    timeouts: impatient,
  },
  {
    name: 'a head that drips for ever',
    raw: ({ socket }) => {
      socket.write('HTTP/1.1 402 Payment Required\r\nX: ');
      drip(socket, 'a');
    },
    timeouts: impatient,
    ends: timedOut,
  },
  {
    name: 'a flood of 100 Continue',
    raw: ({ socket }) => drip(socket, 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(50)),
    timeouts: impatient,
    ends: timedOut,
  },
  {
    name: 'a flood of 103 Early Hints',
    raw: ({ socket }) => drip(socket, 'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n'.repeat(50)),
    timeouts: impatient,
    ends: timedOut,
  },
  {
    name: 'a 402 whose body drips for ever is not waited for',
    raw: async (turn, { seller }) => {
      if (turn.credential) return turn.socket.write(bytesOfGoods(turn));
      turn.socket.write(
        bytesOf402(await seller.challenge()).replace('Content-Length: 0', 'Content-Length: 9999'),
      );
      return drip(turn.socket, '.');
    },
    ends: delivered(),
    check: ({ raw }) => expect.poll(() => raw.turns[0]?.socket.destroyed, { timeout: 50_000 }).toBe(true),
  },
  asks402('a 402 whose length is a lie', (good) => bytesOf402(good).replace('Length: 0', 'Length: 1000')),
  asks402('a 402 whose length is too small', (good) => `${bytesOf402(good)}and more, and more`),
  asks402(
    'a 402 with a chunk that is none',
    (good) => `${bytesOf402(good).replace('Content-Length: 0', 'Transfer-Encoding: chunked')}zz\r\nnope`,
  ),
  asks402(
    'the answer to the paid request, sent before it was asked: not taken for it',
    (good) => `${bytesOf402(good)}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfake`,
  ),
  {
    name: 'a 402 that unpacks to a hundred megabytes is not unpacked',
    http: async ({ seen, response, seller }) => {
      if (seen.credential) return deliver(response, seen.credential);
      const value = serializeChallenge(await seller.challenge());
      return response.writeHead(402, { 'www-authenticate': value, 'content-encoding': 'gzip' }).end(bomb);
    },
    ends: delivered(),
  },
  {
    name: 'a free answer that unpacks to a hundred megabytes is not read on',
    http: ({ response }) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
    by: 'fetch',
    ends: nothing('free_answer_too_large'),
  },
  {
    name: 'a free answer that breaks off',
    http: ({ response }) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('half', () => response.destroy());
    },
    ends: nothing('unreachable'),
  },
  {
    name: 'HTML where goods were expected, and nothing asked for',
    http: ({ response }) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
    ends: free(200),
  },
];
