import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { writeAtTurnEnd } from './turn-end.js';

/** What the other side of a real connection has received when this side has said goodbye. */
async function received(write: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => write(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A TCP server that listens has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  const text = await new Promise<string>((resolve, reject) => {
    let sofar = '';
    const socket = connect(port, '127.0.0.1');
    socket.setEncoding('latin1').on('data', (part: string) => {
      sofar += part;
    });
    socket.on('error', reject).on('close', () => resolve(sofar));
  });
  await new Promise((resolve) => server.close(resolve));
  return text;
}

describe('writeAtTurnEnd', () => {
  it('holds writes back until the turn is over, and calls back after them', async () => {
    const order: string[] = [];
    const pipe = new PassThrough();
    pipe.on('data', (part: Buffer) => order.push(part.toString()));
    const over = new Promise<void>((resolve) =>
      writeAtTurnEnd(pipe, () => {
        order.push('then');
        resolve();
      }),
    );
    pipe.write('a');
    queueMicrotask(() => order.push('microtask'));
    process.nextTick(() => order.push('tick'));
    await over;
    await new Promise((resolve) => setImmediate(resolve));
    expect(pipe.writableCorked).toBe(0);
    expect(order.indexOf('a')).toBeGreaterThan(order.indexOf('tick'));
    expect(order.indexOf('a')).toBeGreaterThan(order.indexOf('microtask'));
    expect([...order].sort()).toEqual(['a', 'microtask', 'then', 'tick']);
  });

  it('keeps the order of one socket that is held several times, and of writes in the call afterwards', async () => {
    const text = await received((socket) => {
      writeAtTurnEnd(socket, () => {
        socket.write('3');
        writeAtTurnEnd(socket, () => socket.end('5'));
        socket.write('4');
      });
      socket.write('1');
      writeAtTurnEnd(socket);
      socket.write('2');
    });
    expect(text).toBe('12345');
  });

  it('does without a socket, and with one that has gone', async () => {
    const gone = new PassThrough();
    gone.destroy();
    await new Promise<void>((resolve) => writeAtTurnEnd(null, resolve));
    await new Promise<void>((resolve) => writeAtTurnEnd(gone, resolve));
  });
});
