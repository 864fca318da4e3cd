import { createServer, type Socket } from 'node:net';
import { answerCommands } from './process/commands.js';
import { cpuTime } from './process/cpu.js';
import type { UpstreamCommands } from './process/tables.js';

// The upstream's process: the cheapest server that can stand behind a proxy. It shares its core with the load
// generator, so it must never be what limits a run. It answers every request with the same kilobyte of JSON.

const body = JSON.stringify({
  symbol: 'BTC',
  source: 'benchmark',
  quotes: Array.from({ length: 12 }, (_, i) => ({
    currency: `C${i}`,
    price: 65_000.125 + i,
    volume: 1_234_567 + i * 89,
  })),
  note: 'x'.repeat(270),
});
const answer = Buffer.from(
  [
    'HTTP/1.1 200 OK',
    'Content-Type: application/json',
    'Cache-Control: public, max-age=5',
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n'),
  'latin1',
);
const headEnd = Buffer.from('\r\n\r\n', 'latin1');

let hits = 0;

function serve(socket: Socket): void {
  socket.setNoDelay(true);
  let rest: Buffer | undefined;
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    const data = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    for (let end = data.indexOf(headEnd); end !== -1; end = data.indexOf(headEnd, at)) {
      hits += 1;
      at = end + headEnd.length;
      socket.write(answer);
    }
    rest = at === data.length ? undefined : data.subarray(at);
  });
}

answerCommands<UpstreamCommands>({
  cpu: cpuTime,
  hits() {
    const seen = hits;
    hits = 0;
    return seen;
  },
  listen: () =>
    new Promise((resolve, reject) => {
      const server = createServer(serve).once('error', reject);
      server.listen(0, '127.0.0.1', 1_024, () => {
        const address = server.address();
        if (address === null || typeof address === 'string') reject(new Error('The upstream has no port.'));
        else resolve({ port: address.port });
      });
    }),
});
