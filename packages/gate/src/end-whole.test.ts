import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { endAtTurnEnd, endWhole } from './end-whole.js';

/** Every byte that comes back for two requests on one connection, each asking for `body`. */
async function bytesOf(
  send: typeof endWhole,
  body: string | Buffer,
  method = 'GET',
): Promise<{ head: string; body: Buffer }[]> {
  const listener: RequestListener = (_request, response) => {
    response.writeHead(200, ['Content-Length', String(Buffer.byteLength(body))]);
    send(response, body);
  };
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A TCP server that listens has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  const received = await new Promise<Buffer>((resolve, reject) => {
    const chunks: Buffer[] = [];
    const asked = `${method} / HTTP/1.1\r\nHost: a\r\n`;
    const socket = connect(port, '127.0.0.1', () =>
      socket.write(`${asked}\r\n${asked}Connection: close\r\n\r\n`),
    );
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('close', () => resolve(Buffer.concat(chunks)));
  });
  await new Promise((resolve) => server.close(resolve));
  return split(received, method === 'HEAD' ? 0 : Buffer.byteLength(body));
}

function split(received: Buffer, bodyBytes: number): { head: string; body: Buffer }[] {
  const answers = [];
  for (let at = 0; at < received.length; ) {
    const end = received.indexOf('\r\n\r\n', at) + 4;
    answers.push({
      head: received.toString('latin1', at, end),
      body: received.subarray(end, end + bodyBytes),
    });
    at = end + bodyBytes;
  }
  return answers;
}

describe.each([
  ['endWhole', endWhole],
  ['endAtTurnEnd', endAtTurnEnd],
])('%s', (_of, send) => {
  const everyByte = Buffer.from(Array.from({ length: 1_024 }, (_, i) => i & 255));
  it.each([
    ['text', 'a body'],
    ['text beyond ASCII', '{"detail":"Grüße, 世界 🌍"}'],
    ['every byte there is', everyByte],
    ['nothing', ''],
    ['no bytes', Buffer.alloc(0)],
    ['more than fits one string', Buffer.alloc(300_000, 0xc3)],
  ])('sends %s exactly, and the connection goes on', async (_name, body) => {
    const answers = await bytesOf(send, body);
    expect(answers).toHaveLength(2);
    for (const answer of answers) {
      expect(answer.body.equals(Buffer.from(body))).toBe(true);
      expect(answer.head).toMatch(
        new RegExp(`^HTTP/1\\.1 200 OK\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`),
      );
      expect(answer.head).not.toMatch(/transfer-encoding/i);
    }
  });

  it('sends no body to HEAD', async () => {
    const answers = await bytesOf(send, 'a body', 'HEAD');
    expect(answers.map(({ head }) => head.startsWith('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n'))).toEqual([
      true,
      true,
    ]);
  });
});
