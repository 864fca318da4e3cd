import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { type BodyRead, readBody } from './body.js';
import { createBodyRoom } from './body-room.js';

const bodyBytes = 262_144;
/** One buffer for each chunk would be 50 MiB here. */
const growthBytesMax = 12 * 1024 * 1024;

function heapAfterCollection(): number {
  setFlagsFromString('--expose-gc');
  // The function that the flag makes visible, in a context that is made after it.
  const collect = runInNewContext('gc') as () => void;
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describe('a body in chunks of one byte', () => {
  it('costs about as much memory as it has bytes, and gives all of it back', async () => {
    const room = createBodyRoom(4 * bodyBytes);
    let read: BodyRead | undefined;
    let growth: number | undefined;
    const server = createServer((request, response) => {
      const before = heapAfterCollection();
      readBody(request, bodyBytes, room, (result) => {
        read = result;
        response.end();
      });
      // Before its last byte, so that it is what is held while it comes that is measured.
      let received = 0;
      request.on('data', (chunk: Buffer) => {
        received += chunk.length;
        if (received === bodyBytes - 1) growth = heapAfterCollection() - before;
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    // A TCP server that listens has an AddressInfo.
    const { port } = server.address() as AddressInfo;
    await new Promise<void>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.write('POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n');
        const some = '1\r\nx\r\n'.repeat(16_384);
        for (let i = 0; i < bodyBytes / 16_384; i++) socket.write(some);
        socket.end('0\r\n\r\n');
      });
      socket.on('error', reject).on('close', () => resolve());
      socket.resume();
    });
    await new Promise((resolve) => server.close(resolve));
    expect(read?.kind).toBe('body');
    expect(read?.kind === 'body' && read.body.length).toBe(bodyBytes);
    expect(growth).toBeLessThan(growthBytesMax);
    // Only the body itself is still taken.
    expect(room.take(3 * bodyBytes)).toBe(true);
    expect(room.take(1)).toBe(false);
  });
});
