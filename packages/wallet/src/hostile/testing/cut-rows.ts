import { expect } from 'vitest';
import { type Behaviour, delivered, failed, unknown } from './behaviour.js';
import { drip, type RawTurn } from './raw-seller.js';
import { bytesOfGoods, rawAfterPaying, type Stage } from './stage.js';

/** Long enough for the request to arrive on a busy machine: it counts as presented. */
const impatient = { paidAnswerMs: 1_000 };
const ok = 'HTTP/1.1 200 OK\r\n';

const cut = (
  name: string,
  then: string | ((turn: RawTurn, stage: Stage) => unknown),
  more: Partial<Behaviour> = {},
): Behaviour => ({
  name: `after paying: ${name}`,
  raw: rawAfterPaying(then),
  ends: unknown,
  ...more,
});

/** Writes this, and ends the connection when it has left. */
const thenEnd =
  (bytes: string) =>
  ({ socket }: RawTurn) =>
    socket.end(bytes, 'latin1');
const thenReset =
  (bytes: string) =>
  ({ socket }: RawTurn) =>
    socket.write(bytes, 'latin1', () => socket.resetAndDestroy());

/** The connection after the payment, cut and twisted at each phase. */
export const cutRows: readonly Behaviour[] = [
  cut('hangs up without a word', ({ socket }) => socket.destroy()),
  cut('resets the connection', ({ socket }) => socket.resetAndDestroy()),
  cut('half a status line', thenEnd('HTTP/1.')),
  cut('half a head', thenEnd(`${ok}Content-Le`)),
  cut('half a head, and a reset', thenReset(`${ok}Content-Le`)),
  cut('a head, and no body', thenEnd(`${ok}Content-Length: 100\r\n\r\n`)),
  cut('half a body', thenEnd(`${ok}Content-Length: 100\r\n\r\nhalf`)),
  cut('half a body, and a reset', thenReset(`${ok}Content-Length: 100\r\n\r\nhalf`)),
  cut('half a chunk', thenEnd(`${ok}Transfer-Encoding: chunked\r\n\r\nff\r\nhalf`)),
  cut('chunks without the last one', thenEnd(`${ok}Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n`)),
  cut('a chunk that is none', thenEnd(`${ok}Transfer-Encoding: chunked\r\n\r\nzz\r\nnope\r\n0\r\n\r\n`)),
  cut(
    'a chunk of a size beyond all',
    thenEnd(`${ok}Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nx`),
  ),
  cut('two lengths', thenEnd(`${ok}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`)),
  cut('a length that is no number', thenEnd(`${ok}Content-Length: many\r\n\r\nab`)),
  cut('the status 999', thenEnd('HTTP/1.1 999 What\r\nContent-Length: 2\r\n\r\nno'), { ends: failed }),
  cut('no HTTP at all', thenEnd('SSH-2.0-OpenSSH_9.6\r\n')),
  cut('a header of a megabyte', thenEnd(`${ok}X: ${'a'.repeat(1024 * 1024)}\r\n\r\n`)),
  cut(
    'an upgrade that nobody asked for',
    thenEnd('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'),
  ),
  cut('silence', () => undefined, { timeouts: impatient }),
  cut('half a head, then silence', `${ok}Content-Le`, { timeouts: impatient }),
  cut(
    'a head that drips for ever',
    ({ socket }) => {
      socket.write(`${ok}X: `);
      drip(socket, 'a');
    },
    { timeouts: impatient },
  ),
  cut('a flood of 100 Continue', ({ socket }) => drip(socket, 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(50)), {
    timeouts: impatient,
  }),
  cut('a body that falls silent', `${ok}Content-Length: 100\r\n\r\nhalf`, {
    timeouts: { answerIdleMs: 300 },
  }),
  cut(
    'a body that drips for ever, until the caller gives up',
    ({ socket }, { giveUp }) => {
      socket.write(`${ok}Content-Length: 1000000\r\n\r\n`);
      drip(socket, '.');
      giveUp();
    },
    {
      givesUp: true,
    },
  ),
  cut(
    'more bytes than were announced: the rest is not read',
    (turn) => turn.socket.write(`${bytesOfGoods(turn)}and more`),
    {
      ends: delivered(),
      check: (_stage, { answer }) => expect(answer?.text).toBe('{"rate":1}'),
    },
  ),
  cut(
    'two answers: the second is nobody`s',
    (turn) => turn.socket.write(bytesOfGoods(turn) + bytesOfGoods(turn)),
    {
      ends: delivered(),
      check: (_stage, { answer }) => expect(answer?.text).toBe('{"rate":1}'),
    },
  ),
  cut('the goods, and an early end of the connection', (turn) => turn.socket.end(bytesOfGoods(turn)), {
    ends: delivered(),
  }),
  cut(
    'the goods after three 103 Early Hints',
    (turn) =>
      turn.socket.write('HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n'.repeat(3) + bytesOfGoods(turn)),
    { ends: delivered() },
  ),
];
