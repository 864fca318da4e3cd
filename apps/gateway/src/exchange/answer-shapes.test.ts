import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { open } from '../testing/client.js';
import { openRig, type Rig, type RigOptions, until } from '../testing/rig.js';
import { heldAnswerBytesMax } from './held-answer.js';

let rig: Rig | undefined;
async function opened(options?: RigOptions): Promise<Rig> {
  rig = await openRig(options);
  return rig;
}
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

/** An upstream whose behaviour a test changes as it goes. */
function changing(first: RequestListener): {
  listener: RequestListener;
  become(next: RequestListener): void;
} {
  let current = first;
  return {
    listener: (request, response) => current(request, response),
    become: (next) => {
      current = next;
    },
  };
}

describe('answers of every shape', () => {
  it.each([0, 1, 65_536, heldAnswerBytesMax, heldAnswerBytesMax + 1, 3_000_000])(
    '%d bytes, whole',
    async (size) => {
      const body = Buffer.alloc(size, 'abcdefghij');
      const { askPaid } = await opened({
        listener: (_request, response) => void response.setHeader('Content-Length', size).end(body),
      });
      const reply = await askPaid('/paid/file');
      expect(reply.status).toBe(200);
      expect(reply.body.equals(body)).toBe(true);
      expect(reply.field('content-length')).toBe(String(size));
      expect(reply.field('payment-receipt')).toBeDefined();
    },
  );

  it('chunked, and event streams as they come', async () => {
    let next: (() => void) | undefined;
    const { buy, port } = await opened({
      listener: (_request, response) => {
        response.writeHead(200, { 'Content-Type': 'text/event-stream' });
        response.write('data: 1\n\n');
        next = () => void response.end('data: 2\n\n');
      },
    });
    const headers = ['Authorization', await buy('/paid/events')];
    const seen: string[] = [];
    await new Promise<void>((resolve, reject) => {
      open(port, '/paid/events', { headers }, (response) => {
        expect(response.headers['payment-receipt']).toBeDefined();
        response.setEncoding('utf8').on('data', (text: string) => {
          seen.push(text);
          // The second event is made only after the first has arrived: it was not held back.
          next?.();
          next = undefined;
        });
        response.on('end', resolve).on('error', reject);
      });
    });
    expect(seen.join('')).toBe('data: 1\n\ndata: 2\n\n');
  });

  it('204 with a receipt, 304 without', async () => {
    const upstream = changing((_request, response) => void response.writeHead(204).end());
    const { askPaid } = await opened({ listener: upstream.listener });
    const empty = await askPaid('/paid/nothing');
    expect(empty.status).toBe(204);
    expect(empty.field('payment-receipt')).toBeDefined();
    upstream.become((_request, response) => void response.writeHead(304, { ETag: '"1"' }).end());
    const unchanged = await askPaid('/paid/nothing');
    expect(unchanged.status).toBe(304);
    expect(unchanged.field('payment-receipt')).toBeUndefined();
    expect(unchanged.field('farebox-payment')).toBe('released');
  });

  it('a slow client holds the upstream up', async () => {
    const size = 64 * 1024 * 1024;
    let written = 0;
    const { buy, port } = await opened({
      listener: (_request, response) => {
        response.writeHead(200, { 'Content-Length': size });
        const chunk = Buffer.alloc(64 * 1024);
        const more = (): void => {
          while (written < size) {
            written += chunk.length;
            if (!response.write(chunk)) {
              response.once('drain', more);
              return;
            }
          }
          response.end();
        };
        more();
      },
    });
    const headers = ['Authorization', await buy('/paid/large')];
    await new Promise<void>((resolve, reject) => {
      open(port, '/paid/large', { headers }, async (response) => {
        try {
          response.pause();
          let before = -1;
          await until('the upstream is held up', async () => {
            const still = written === before;
            before = written;
            await new Promise((wake) => setTimeout(wake, 100));
            return still;
          });
          // What fits into sockets and buffers between here and there, and no more.
          expect(written).toBeLessThan(size / 2);
          let received = 0;
          response.on('data', (chunk: Buffer) => {
            received += chunk.length;
          });
          response.resume();
          await once(response, 'end');
          expect(received).toBe(size);
          resolve();
        } catch (error) {
          reject(error);
        }
      }).on('error', reject);
    });
  });
});
