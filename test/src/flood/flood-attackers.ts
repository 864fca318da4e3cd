import { Agent, request as httpRequest } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Attack } from './flood-messages.js';

// Five addresses that ask and never pay, at a steady rate whatever comes back, each claiming to be many others.

const [port = 0, unpaidCount = 0, seconds = 1] = process.argv.slice(2).map(Number);
const addresses = ['127.0.0.11', '127.0.0.12', '127.0.0.13', '127.0.0.14', '127.0.0.15'];
const socketsEach = 64;
const tickMs = 10;

const agents = addresses.map(
  (localAddress) => new Agent({ keepAlive: true, maxSockets: socketsEach, localAddress }),
);
const statuses: Record<number, number> = {};

function ask(number: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'x-forwarded-for': `10.0.${(number >> 8) & 255}.${number & 255}` };
    const agent = agents[number % agents.length];
    httpRequest({ host: '127.0.0.1', port, path: `/paid/${number % 50}`, agent, headers }, (response) => {
      const status = response.statusCode ?? 0;
      statuses[status] = (statuses[status] ?? 0) + 1;
      response.resume().on('end', resolve);
    })
      .on('error', reject)
      .end();
  });
}

const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
const open: Promise<void>[] = [];
const startMs = performance.now();
for (let sent = 0; sent < unpaidCount; ) {
  const due = Math.min(unpaidCount, ((performance.now() - startMs) * unpaidCount) / (seconds * 1_000));
  for (; sent < due; sent++) open.push(ask(sent));
  await new Promise((resolve) => setTimeout(resolve, tickMs));
}
await Promise.all(open);
const attack: Attack = {
  statuses,
  seconds: (performance.now() - startMs) / 1_000,
  delayP50: delay.percentile(50),
  delayP99: delay.percentile(99),
};
for (const agent of agents) agent.destroy();
process.send?.(attack);
process.disconnect();
