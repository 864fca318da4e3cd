import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { MemoryDirectory } from '../zone/testing/memory-directory.js';
import { queryBytesMax } from './request.js';
import { type DnsServer, type DnsServerOptions, startDnsServer } from './server.js';
import { askTcp, askUdp, decoded, framed, queryOf, settings, shown } from './testing/ask.js';

const directory = new MemoryDirectory('agent');
directory.put('myname.agent', {
  records: [
    ['@', 'A', '192.0.2.1'],
    ['big', 'TXT', 'z'.repeat(2_000)],
  ],
});

let server: DnsServer | undefined;
const sockets: Socket[] = [];

async function start(options: Partial<DnsServerOptions> = {}): Promise<DnsServer> {
  server = await startDnsServer({ directory, settings, host: '127.0.0.1', port: 0, ...options });
  return server;
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** Waits for the other side to close, however it does. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => (socket.closed ? resolve() : socket.once('close', () => resolve())));
}

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server?.close();
  server = undefined;
});

describe('over UDP', () => {
  it('a registered name is answered, and what is too large is truncated', async () => {
    const { port } = await start();
    expect(shown(decoded(await askUdp(port, queryOf('myname.agent', 'A'))).answers)).toEqual([
      'myname.agent A 192.0.2.1',
    ]);
    expect(decoded(await askUdp(port, queryOf('big.myname.agent', 'TXT', 1_232)))).toMatchObject({
      flag_tc: true,
    });
  });

  it('junk is refused or ignored, and the next question is answered', async () => {
    const { port } = await start();
    expect(decoded(await askUdp(port, Buffer.alloc(40, 1))).rcode).toBe('FORMERR');
    expect(decoded(await askUdp(port, queryOf('agent', 'SOA'))).answers).toHaveLength(1);
  });

  it('over the rate of a network an answer is no longer than the question, and TCP still serves', async () => {
    // The clock stands, so that one answer is all there is.
    const { port } = await start({ rate: { perSecond: 1, burst: 1 }, now: () => 0 });
    const query = queryOf('myname.agent', 'TXT');
    expect(decoded(await askUdp(port, query)).answers).toHaveLength(2);
    // The first over the rate is dropped, the second is told to come by TCP.
    const told = await askUdp(port, query, 2);
    expect(told.length).toBeLessThanOrEqual(query.length);
    expect(decoded(told)).toMatchObject({ flag_tc: true, answers: [] });
    const [whole] = await askTcp(port, framed(query));
    expect(decoded(whole).answers).toHaveLength(2);
  });
});

describe('over TCP', () => {
  it('queries sent at once are answered in their order, also after the asker has closed its side', async () => {
    const { port } = await start();
    const names = ['myname.agent', 'nobody.agent', 'big.myname.agent', 'agent'];
    const queries = Array.from({ length: 40 }, (_, at) => {
      const query = queryOf(names[at % names.length] ?? '', 'TXT');
      query.writeUInt16BE(at, 0);
      return query;
    });
    const answers = (await askTcp(port, framed(...queries))).map(decoded);
    expect(answers.map(({ id }) => id)).toEqual(queries.map((_, at) => at));
    expect(shown(answers[2]?.answers)[0]?.length).toBeGreaterThan(2_000);
    expect(answers.every(({ flag_tc }) => !flag_tc)).toBe(true);
  });

  it('a query may come byte by byte', async () => {
    const { port } = await start();
    const socket = await open(port);
    const answered = once(socket, 'data');
    for (const byte of framed(queryOf('agent', 'NS'))) socket.write(Buffer.from([byte]));
    const [data] = await answered;
    expect(decoded(Buffer.from(data).subarray(2)).answers).toHaveLength(2);
  });

  it('what is too long or no query ends the conversation', async () => {
    const { port } = await start();
    expect(await askTcp(port, Buffer.from([(queryBytesMax + 1) >> 8, (queryBytesMax + 1) & 255]))).toEqual(
      [],
    );
    const answer = queryOf('agent', 'NS');
    answer.writeUInt16BE(0x8000, 2);
    expect(await askTcp(port, framed(answer, queryOf('agent', 'NS')))).toEqual([]);
  });

  it('whoever says nothing, or half a query, is cut off', async () => {
    const { port } = await start({ tcp: { idleMs: 50 } });
    const [silent, half] = [await open(port), await open(port)];
    half.write(framed(queryOf('agent', 'NS')).subarray(0, 9));
    await Promise.all([closed(silent.resume()), closed(half.resume())]);
  });

  it('whoever asks and never reads is cut off, and has held no more than buffers', async () => {
    const { port } = await start({ tcp: { idleMs: 200 } });
    const greedy = await open(port);
    greedy.pause();
    const end = closed(greedy);
    const queries = framed(...Array.from({ length: 200 }, () => queryOf('big.myname.agent', 'TXT')));
    const more = (): void => {
      while (!greedy.destroyed && greedy.write(queries));
      if (!greedy.destroyed) greedy.once('drain', more);
    };
    more();
    await end;
  });

  it('connections are bounded, and one that closes makes room', async () => {
    const { port } = await start({ tcp: { connectionsMax: 2, idleMs: 100_000 } });
    const query = framed(queryOf('agent', 'NS'));
    const first = await open(port);
    const second = await open(port);
    for (const socket of [first, second]) {
      socket.write(query);
      await once(socket, 'data');
    }
    const third = await open(port);
    await closed(third.resume());
    first.destroy();
    const served = async (): Promise<number> => {
      const answers = await askTcp(port, query).catch(() => []);
      return answers.length > 0 ? answers.length : served();
    };
    expect(await served()).toBe(1);
  });

  it('connections of one network are bounded apart', async () => {
    const { port } = await start({ tcp: { connectionsPerNetworkMax: 1, idleMs: 100_000 } });
    const first = await open(port);
    first.write(framed(queryOf('agent', 'NS')));
    await once(first, 'data');
    const second = await open(port);
    await closed(second.resume());
    expect(first.destroyed).toBe(false);
  });
});

it('closing cuts open connections and frees the port for both', async () => {
  const { port, close } = await start();
  const socket = await open(port);
  socket.write(framed(queryOf('agent', 'NS')));
  await once(socket, 'data');
  await close();
  await closed(socket.resume());
  await start({ port });
  expect(decoded(await askUdp(port, queryOf('agent', 'NS'))).answers).toHaveLength(2);
});

it('a port that is taken is an error', async () => {
  const { port } = await start();
  await expect(startDnsServer({ directory, settings, host: '127.0.0.1', port })).rejects.toThrow(
    /EADDRINUSE/,
  );
});
