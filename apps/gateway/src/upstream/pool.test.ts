import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../testing/rig.js';
import { HttpUpstream } from './http-upstream.js';
import { exchangeOnce, get, type Outcome, Recorder } from './testing/exchange-once.js';
import { upstreamConfig } from './testing/limits.js';
import { always, type RawConnection, type RawServer, startRawServer } from './testing/raw-server.js';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

let server: RawServer;
let upstream: HttpUpstream;
async function open(
  serve: (connection: RawConnection) => Promise<void> | void,
  given: Parameters<typeof upstreamConfig>[1] = {},
): Promise<void> {
  server = await startRawServer(serve);
  upstream = new HttpUpstream(upstreamConfig(server.origin, given));
}
afterEach(async () => {
  await upstream.close();
  await server.close();
});

const ask = (target = '/', given: Parameters<typeof get>[0] = {}): Promise<Outcome> =>
  exchangeOnce(upstream, get({ target, ...given }));
const answer = { kind: 'answer', status: 200, body: 'ok' };

describe('connections', () => {
  it('one is kept for the next request, and the one used last is taken first', async () => {
    await open(always(OK));
    for (let i = 0; i < 5; i++) expect(await ask()).toMatchObject(answer);
    expect(server.connections).toHaveLength(1);
    await Promise.all([ask('/a'), ask('/b'), ask('/c')]);
    expect(server.connections).toHaveLength(3);
    for (let i = 0; i < 5; i++) await ask('/last');
    const carried = server.connections.map((connection) => connection.text().split('GET /last').length - 1);
    expect(carried.sort()).toEqual([0, 0, 5]);
  });

  it('never more than configured, never two requests on one, first come first served', async () => {
    const order: string[] = [];
    let running = 0;
    await open(
      async (connection) => {
        for (;;) {
          order.push((await connection.request()).split(' ')[1] ?? '');
          running += 1;
          expect(running).toBeLessThanOrEqual(3);
          await turn();
          expect(connection.text().endsWith('\r\n\r\n')).toBe(true);
          running -= 1;
          connection.socket.write(OK);
        }
      },
      { connections: 3 },
    );
    const targets = Array.from({ length: 40 }, (_, i) => `/${i}`);
    // As they are written: of three connections at a time, the system decides which of them the server hears first.
    const written: string[] = [];
    const recorders = targets.map((target) => {
      const recorder = new Recorder();
      recorder.heard = () => {
        if (!written.includes(target)) written.push(target);
      };
      upstream.send(get({ target }), recorder);
      return recorder;
    });
    for (const { outcome } of recorders) expect(await outcome).toMatchObject(answer);
    expect(server.connections).toHaveLength(3);
    expect(written).toEqual(targets);
    expect(order.toSorted()).toEqual(targets.toSorted());
  });

  it.each([
    ['Connection: close', 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok'],
    ['HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok'],
    ['a Keep-Alive of a second', 'HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 2\r\n\r\nok'],
    [
      'a Keep-Alive of nothing',
      'HTTP/1.1 200 OK\r\nKeep-Alive: max=5, timeout=0\r\nContent-Length: 2\r\n\r\nok',
    ],
  ])('%s: it is not used again, and closed', async (_name, bytes) => {
    await open(always(bytes));
    for (const number of [1, 2, 3]) {
      expect(await ask()).toMatchObject(answer);
      await server.connections[number - 1]?.closed;
      expect(server.connections).toHaveLength(number);
    }
  });

  it('HEAD: its connection is not used again, whatever the server sends behind', async () => {
    await open(always(OK));
    expect(await ask('/', { method: 'HEAD' })).toMatchObject({ kind: 'answer', status: 200, body: '' });
    await server.connections[0]?.closed;
    expect(await ask()).toMatchObject(answer);
    expect(server.connections).toHaveLength(2);
  });

  it('one that the server has closed while idle is not used', async () => {
    await open(async (connection) => {
      await connection.request();
      connection.socket.end(OK);
    });
    for (let i = 0; i < 20; i++) {
      expect(await ask()).toMatchObject(answer);
      await server.connections[i]?.closed;
      expect(server.connections).toHaveLength(i + 1);
    }
  });

  it('one that ends between being taken and being written gives its call to another', async () => {
    await open(always(OK));
    await ask();
    const [first] = server.connections;
    const recorder = new Recorder();
    first?.socket.end();
    await once(first?.socket ?? process, 'finish');
    await turn();
    // The server's FIN is there, and has not been read yet.
    upstream.send(get(), recorder);
    expect(await recorder.outcome).toMatchObject(answer);
    expect(first?.text().split('GET')).toHaveLength(2);
    expect(server.connections).toHaveLength(2);
  });
});

describe('a request with a connection of its own', () => {
  it('gets a new one each time, says so, and leaves the others alone', async () => {
    await open(always(OK), { connections: 2 });
    await ask();
    for (let i = 0; i < 3; i++) expect(await ask('/once', { fresh: true })).toMatchObject(answer);
    await ask();
    expect(server.connections).toHaveLength(4);
    for (const own of server.connections.slice(1)) {
      expect(own.text()).toBe('GET /once HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n');
    }
    expect(server.connections[0]?.text()).not.toContain('Connection');
  });

  it('when all places are taken by idle ones, the oldest makes room', async () => {
    await open(always(OK), { connections: 2 });
    await Promise.all([ask(), ask()]);
    expect(await ask('/once', { fresh: true })).toMatchObject(answer);
    expect(server.connections).toHaveLength(3);
    await Promise.race(server.connections.slice(0, 2).map((connection) => connection.closed));
  });

  it('waits in line when all are busy, and is not given a used one', async () => {
    const held: RawConnection[] = [];
    await open(
      async (connection) => {
        await connection.request();
        held.push(connection);
        for (;;) {
          await connection.request();
          connection.socket.write(OK);
        }
      },
      { connections: 1 },
    );
    const first = ask('/first');
    await until('the first is there', () => held.length === 1);
    const own = ask('/own', { fresh: true });
    const last = ask('/last');
    held[0]?.socket.write(OK);
    expect(await first).toMatchObject(answer);
    await until('the second is there', () => held.length === 2);
    expect(held[1]?.text()).toContain('GET /own ');
    held[1]?.socket.write(OK);
    expect(await own).toMatchObject(answer);
    await until('the third is there', () => held.length === 3);
    held[2]?.socket.write(OK);
    expect(await last).toMatchObject(answer);
  });
});

describe('bytes that nobody asked for', () => {
  it.each(['\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged'])(
    '%j after an answer: the connection goes, and the next request gets its own answer',
    async (stray) => {
      await open(always(OK));
      await ask();
      const [first] = server.connections;
      first?.socket.write(stray);
      await first?.closed;
      expect(await ask()).toMatchObject(answer);
      expect(server.connections).toHaveLength(2);
    },
  );

  it('that have arrived and were not read yet when the next request is made are not its answer', async () => {
    await open(always(OK));
    for (let i = 1; i < 20; i++) {
      await ask();
      const { socket } = server.connections.at(-1) ?? { socket: undefined };
      await new Promise<void>((resolve) => {
        socket?.write('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged', () => resolve());
      });
      await turn();
      expect(await ask()).toMatchObject(answer);
      expect(server.connections.length).toBe(i + 1);
    }
  });

  it('in one piece with an answer: that is broken, and the connection goes', async () => {
    await open(always(`${OK}HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged`));
    for (let i = 1; i < 5; i++) {
      expect(await ask()).toMatchObject({ kind: 'failed', code: 'upstream_malformed', sent: true });
      expect(server.connections).toHaveLength(i);
    }
  });

  it('before a request was ever sent', async () => {
    await open((connection) => void connection.socket.write('220 mail.test ESMTP\r\n'));
    expect(await ask()).toMatchObject({ kind: 'failed', code: 'upstream_malformed' });
  });
});

describe('stopping', () => {
  it('in line: the call is never sent', async () => {
    await open(always(OK), { connections: 1 });
    const stopped = new Recorder();
    const first = ask('/first');
    const abort = upstream.send(get({ target: '/stopped' }), stopped);
    const last = ask('/last');
    abort();
    abort();
    await Promise.all([first, last]);
    expect(server.connections.map((connection) => connection.text()).join()).not.toContain('/stopped');
    expect([stopped.sent, stopped.over]).toEqual([false, false]);
  });

  it('before it was written: the connection is as good as before', async () => {
    await open(always(OK));
    await ask();
    const stopped = new Recorder();
    upstream.send(get({ target: '/stopped' }), stopped)();
    expect(await ask('/next')).toMatchObject(answer);
    expect(server.connections).toHaveLength(1);
    expect(server.connections[0]?.text()).not.toContain('/stopped');
    expect(stopped.sent).toBe(false);
  });

  it('once it was written: the connection goes, and nobody hears of the answer', async () => {
    await open(async (connection) => {
      await connection.request();
      connection.socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
    });
    for (const when of ['sent', 'status', 'chunks'] as const) {
      const stopped = new Recorder();
      const abort = upstream.send(get(), stopped);
      await until(when, () => (when === 'chunks' ? stopped.chunks.length > 0 : Boolean(stopped[when])));
      abort();
      await server.connections.at(-1)?.closed;
      expect(stopped.over).toBe(false);
    }
  });

  it('from within what it hears', async () => {
    await open(always(OK));
    for (const when of ['sent', 'status', 'body', 'over'] as const) {
      const stopped = new Recorder();
      let abort = (): void => {};
      stopped.heard = () => {
        if (stopped[when]) abort();
      };
      abort = upstream.send(get(), stopped);
      await until(when, () => Boolean(stopped[when]));
      expect(await ask()).toMatchObject(answer);
      expect(stopped.over).toBe(when === 'over');
    }
  });
});

describe('closing', () => {
  it('fails what waits and what runs, drops what is idle, and takes nothing new', async () => {
    await open(() => {}, { connections: 1 });
    const running = ask('/running');
    await until('it is there', () => server.connections[0]?.text().includes('/running') === true);
    const waiting = ask('/waiting');
    await Promise.all([upstream.close(), upstream.close()]);
    expect(await running).toMatchObject({ kind: 'failed', code: 'upstream_dropped', sent: true });
    expect(await waiting).toMatchObject({ kind: 'failed', code: 'upstream_dropped', sent: false });
    expect(await ask('/late')).toMatchObject({ kind: 'failed', code: 'upstream_dropped', sent: false });
    await server.connections[0]?.closed;
  });

  it('fails what was about to be written, and opens nothing for it', async () => {
    await open(always(OK));
    await ask();
    const taken = ask('/taken');
    await upstream.close();
    expect(await taken).toMatchObject({ kind: 'failed', code: 'upstream_dropped', sent: false });
    await server.connections[0]?.closed;
    expect(server.connections).toHaveLength(1);
  });
});
