import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { decodeRequest, isJsonObject, parseChallenges, serializeCredential } from '@farebox/protocol';
import type { Attack, Figures, FromGateway, ToGateway } from './flood-messages.js';

// Issue: "Invoices cannot be flooded", as a measurement: node test/dist/flood/flood-main.js [unpaid] [seconds].
// A gateway with its default limits in a process of its own, 2,000 unpaid requests a second from five addresses, and one
// buyer who goes on buying. Prints counts and ratios; ends with 1 when the node was asked for more than the budget, or the
// buyer was turned away.

const [unpaidCount = 20_000, seconds = 10] = process.argv.slice(2).map(Number);
const nodeMs = 50;
const purchasesPerSecond = 20;
/** The gateway's defaults. */
const budget = { perSecond: 100, burst: 500 };

const directory = mkdtempSync(join(tmpdir(), 'farebox-flood-'));
const upstream = createServer((_request, response) => response.end('{"ok":true}'));
await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
// A TCP server that listens has an AddressInfo.
const upstreamUrl = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
const script = fileURLToPath(new URL('./flood-gateway.js', import.meta.url));
const attackersScript = fileURLToPath(new URL('./flood-attackers.js', import.meta.url));
const child = fork(script, [join(directory, 'farebox.db'), upstreamUrl, String(nodeMs)], {
  execArgv: ['--expose-gc'],
});

function told<K extends FromGateway['tell']>(kind: K): Promise<Extract<FromGateway, { tell: K }>> {
  return new Promise((resolve) => {
    const onMessage = (message: FromGateway): void => {
      if (message.tell !== kind) return;
      child.off('message', onMessage);
      // Its `tell` has just been compared with K.
      resolve(message as Extract<FromGateway, { tell: K }>);
    };
    child.on('message', onMessage);
  });
}

const ask = (message: ToGateway): void => void child.send(message);
const { port } = await told('listening');

async function figures(): Promise<Figures> {
  const answer = told('figures');
  ask({ ask: 'figures' });
  return (await answer).figures;
}

interface Reply {
  readonly status: number;
  readonly challenge: string;
}

function get(agent: Agent, path: string, headers: Record<string, string> = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    httpRequest({ host: '127.0.0.1', port, path, agent, headers }, (response) => {
      const challenge = String(response.headers['www-authenticate'] ?? '');
      response.resume().on('end', () => resolve({ status: response.statusCode ?? 0, challenge }));
    })
      .on('error', reject)
      .end();
  });
}

const agentOf = (localAddress: string, maxSockets: number): Agent =>
  new Agent({ keepAlive: true, maxSockets, localAddress });
const buyer = agentOf('127.0.0.99', 4);

/** One purchase: how long the 402 and the paid request took. */
async function buy(): Promise<{ readonly unpaidMs: number; readonly paidMs: number }> {
  const startMs = performance.now();
  const unpaid = await get(buyer, '/paid/page');
  const unpaidMs = performance.now() - startMs;
  const [challenge] = parseChallenges([unpaid.challenge]).challenges;
  if (unpaid.status !== 402 || challenge === undefined) throw new Error(`The buyer got ${unpaid.status}.`);
  const details = decodeRequest(challenge.request)?.methodDetails;
  const answer = told('paid');
  ask({ ask: 'pay', invoice: isJsonObject(details) ? String(details.invoice) : '' });
  const { preimage } = await answer;
  const authorization = serializeCredential({ challenge, payload: { preimage } });
  const paidStartMs = performance.now();
  const paid = await get(buyer, '/paid/page', { authorization });
  if (paid.status !== 200) throw new Error(`The buyer paid and got ${paid.status}.`);
  return { unpaidMs, paidMs: performance.now() - paidStartMs };
}

/** Buys at a steady rate, one purchase after the other. */
async function buyFor(ms: number): Promise<{ readonly unpaidMs: number[]; readonly paidMs: number[] }> {
  const unpaidMs: number[] = [];
  const paidMs: number[] = [];
  const startMs = performance.now();
  for (let number = 0; performance.now() - startMs < ms; number++) {
    const waitMs = startMs + (number * 1_000) / purchasesPerSecond - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    const took = await buy();
    unpaidMs.push(took.unpaidMs);
    paidMs.push(took.paidMs);
  }
  return { unpaidMs, paidMs };
}

/** The attackers, in a process of their own: what they cost their own event loop must not be taken for the gateway's. */
function flood(): Promise<Attack> {
  const attack = fork(attackersScript, [String(port), String(unpaidCount), String(seconds)]);
  return new Promise((resolve, reject) => {
    attack.once('message', (message: Attack) => resolve(message));
    attack.once('exit', (code) => reject(new Error(`The attackers ended with ${code}.`)));
  });
}

function at(all: readonly number[], share: number): number {
  const sorted = [...all].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

const megabytes = (bytes: number): string => (bytes / 1_048_576).toFixed(1);
const ratio = (flooded: readonly number[], quiet: readonly number[], share: number): string =>
  (at(flooded, share) / at(quiet, share)).toFixed(2);

const ownDelay = monitorEventLoopDelay({ resolution: 1 });
ownDelay.enable();
await buyFor(3_000);
const quiet = await buyFor(seconds * 1_000);
const before = await figures();
ownDelay.reset();
const [flooded, attack] = await Promise.all([buyFor(seconds * 1_000), flood()]);
const after = await figures();
const calls = after.invoices - before.invoices;
const allowed = Math.floor(budget.burst + budget.perSecond * attack.seconds);
const line = (name: string, all: typeof quiet): string =>
  `${name}: ${all.paidMs.length} purchases; paid request median ${at(all.paidMs, 0.5).toFixed(2)} ms, p99 ${at(all.paidMs, 0.99).toFixed(2)} ms; 402 median ${at(all.unpaidMs, 0.5).toFixed(2)} ms`;
console.log(line('quiet  ', quiet));
console.log(line('flooded', flooded));
console.log(
  `flood: ${unpaidCount} unpaid in ${attack.seconds.toFixed(1)} s, answered ${JSON.stringify(attack.statuses)}`,
);
console.log(
  `node: ${calls} invoices asked for, ${after.cancels - before.cancels} cancelled; allowed ${allowed}`,
);
console.log(
  `paid request: median ratio ${ratio(flooded.paidMs, quiet.paidMs, 0.5)}, p99 ratio ${ratio(flooded.paidMs, quiet.paidMs, 0.99)}`,
);
const p50 = (nanoseconds: number): string => (nanoseconds / 1e6).toFixed(1);
console.log(
  `event loop delay in the flood, median/p99 ms: gateway ${p50(after.delayP50)}/${p50(after.delayP99)}, attackers ${p50(attack.delayP50)}/${p50(attack.delayP99)}, buyer ${p50(ownDelay.percentile(50))}/${p50(ownDelay.percentile(99))}; gateway CPU ${after.cpuSeconds.toFixed(1)} s; load of the machine ${loadavg()[0]?.toFixed(1)}`,
);
console.log(
  `memory after collection: heap ${megabytes(before.heapBytes)} → ${megabytes(after.heapBytes)} MiB, resident ${megabytes(before.rssBytes)} → ${megabytes(after.rssBytes)} MiB`,
);

buyer.destroy();
ask({ ask: 'close' });
await new Promise((resolve) => child.once('exit', resolve));
upstream.close();
rmSync(directory, { recursive: true, force: true });
process.exitCode = calls <= allowed ? 0 : 1;
