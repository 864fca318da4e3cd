import type { IncomingMessage } from 'node:http';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { killAll, until } from '../chaos/processes.js';
import { countOf } from '../chaos/random.js';
import { Buyer } from './buyer.js';
import { type GatewayProcess, startGatewayProcess } from './gateway-process.js';
import { hugeBytes, LoadUpstream } from './load-upstream.js';

/** Large answers that wait for slow clients at a time. */
const slowClients = countOf('SLOW_CLIENTS', 4);
/** What a stream may take of the gateway's memory: a few buffers on either side, whatever the size of what flows through. */
const bytesPerStreamMax = 256 * 1024;
/** What else the heap may differ by. */
const noiseBytes = 8 * 1024 * 1024;

let upstream: LoadUpstream;
let gateway: GatewayProcess;
let buyer: Buyer;

afterEach(async () => {
  buyer.close();
  await gateway.close();
  await upstream.close();
});
afterAll(killAll);

async function start(): Promise<void> {
  upstream = await new LoadUpstream().listen();
  gateway = await startGatewayProcess([upstream.url]);
  buyer = new Buyer(gateway.port, gateway.seed, slowClients + 24);
  // What is loaded with the first request of each kind is not to be counted.
  const { credential } = await buyer.buy('/paid/large');
  await buyer.ask('/paid/large', { headers: { authorization: credential } });
  await buyer.ask('/free/large');
}

/** Begins to read an answer and stops, so that everything behind it has to wait. */
function begin(path: string, credential?: string): Promise<IncomingMessage> {
  const headers = credential === undefined ? {} : { authorization: credential };
  return new Promise((resolve, reject) => {
    buyer
      .open(path, { headers }, (response) => {
        response.once('readable', () => resolve(response));
      })
      .on('error', reject);
  });
}

async function finish(response: IncomingMessage): Promise<number> {
  let bytes = 0;
  for await (const chunk of response) bytes += Buffer.byteLength(chunk as Buffer);
  return bytes;
}

describe('memory', () => {
  it('does not hold large answers while clients are slow, paid or not', async () => {
    await start();
    const before = await gateway.memory();
    const waiting: IncomingMessage[] = [];
    for (let i = 0; i < slowClients; i++) {
      const paid = i % 2 === 0 ? await buyer.buy('/paid/huge') : undefined;
      waiting.push(await begin(paid === undefined ? '/free/huge' : '/paid/huge', paid?.credential));
    }
    const during = await gateway.memory();
    expect(during.heapBytes - before.heapBytes).toBeLessThan(slowClients * bytesPerStreamMax + noiseBytes);
    const got = await Promise.all(waiting.map(finish));
    expect(new Set(got)).toEqual(new Set([hugeBytes]));
    const after = await gateway.memory();
    expect(after.heapBytes - before.heapBytes).toBeLessThan(noiseBytes);
  });

  it('does not hold large bodies while the upstream is slow', async () => {
    await start();
    const before = await gateway.memory();
    // The echo can send no more than the client reads, and so takes no more than that.
    const body = 'x'.repeat(hugeBytes);
    const waiting = await Promise.all(
      Array.from(
        { length: slowClients },
        () =>
          new Promise<IncomingMessage>((resolve, reject) => {
            buyer.open('/free/echo', { method: 'POST', body }, resolve).on('error', reject);
          }),
      ),
    );
    const during = await gateway.memory();
    expect(during.heapBytes - before.heapBytes).toBeLessThan(slowClients * bytesPerStreamMax + noiseBytes);
    const got = await Promise.all(waiting.map(finish));
    expect(new Set(got)).toEqual(new Set([body.length]));
  });

  it('of event streams is the same after thousands of events as after one', async () => {
    await start();
    let events = 0;
    for (let i = 0; i < 20; i++) {
      const response = await begin('/free/stream');
      response.on('data', (part: Buffer) => {
        events += part.toString().split('\n\n').length - 1;
      });
    }
    const before = await gateway.memory();
    const text = 'e'.repeat(1_000);
    for (let round = 1; round <= 50; round++) {
      for (let i = 0; i < 4; i++) upstream.say(text);
      await until('all have come', () => events >= 20 * (round * 4 + 1), 60_000);
    }
    const after = await gateway.memory();
    expect(after.heapBytes - before.heapBytes).toBeLessThan(noiseBytes);
  });
});
