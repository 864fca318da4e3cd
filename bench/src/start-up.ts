import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeChargeRequest } from '@farebox/lightning';
import { PaperNode } from '@farebox/lightning/paper';
import { encodeRequest, serializeChallenge } from '@farebox/protocol';

/** Longest start that is waited for. */
const startMsMax = 60_000;

/** How long one command takes from its start to its end, beside a Node that does nothing. */
export interface StartUp {
  readonly command: string;
  /** Milliseconds, median. */
  readonly ms: number;
  /** Median of the ratios to `node -e 0`, each taken right before it. */
  readonly ratio: number;
}

/** What starting the command line costs. */
export interface StartUpReport {
  /** `node -e 0`, milliseconds, median. */
  readonly bareMs: number;
  readonly commands: readonly StartUp[];
}

/**
 * Starts each command so many times, and before each start a bare Node: the machine is as busy for both. The preview is that
 * of a real Lightning price, asked over loopback. Rejects when a command fails.
 */
export async function measureStartUp(rounds: number): Promise<StartUpReport> {
  const bin = fileURLToPath(new URL('../../apps/farebox/bin/farebox.js', import.meta.url));
  const home = await mkdtemp(join(tmpdir(), 'farebox-start-up-'));
  const seller = await startSeller();
  const commands = [
    { command: 'farebox --version', words: [bin, '--version'] },
    { command: 'farebox pay request, preview', words: [bin, 'pay', 'request', seller.url, '--json'] },
  ];
  const bare: number[] = [];
  try {
    const measured: StartUp[] = [];
    for (const { command, words } of commands) {
      await start(words, home);
      const runs: { readonly ms: number; readonly ratio: number }[] = [];
      for (let round = 0; round < rounds; round += 1) {
        const bareMs = await start(['-e', '0'], home);
        const ms = await start(words, home);
        bare.push(bareMs);
        runs.push({ ms, ratio: ms / bareMs });
      }
      measured.push({
        command,
        ms: median(runs.map(({ ms }) => ms)),
        ratio: median(runs.map(({ ratio }) => ratio)),
      });
    }
    return { bareMs: median(bare), commands: measured };
  } finally {
    await seller.close();
    await rm(home, { recursive: true, force: true });
  }
}

/** The report as a person reads it. */
export function formatStartUp({ bareMs, commands }: StartUpReport): string {
  const rows = commands.map(
    ({ command, ms, ratio }) =>
      `  ${command.padEnd(30)} ${ms.toFixed(0).padStart(5)} ms  ${ratio.toFixed(2)} × node -e 0`,
  );
  return [`Start-up (node -e 0: ${bareMs.toFixed(0)} ms)`, ...rows].join('\n');
}

function start(words: readonly string[], home: string): Promise<number> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, words, {
      env: { PATH: process.env.PATH ?? '', FAREBOX_HOME: home, HOME: home },
      stdio: 'ignore',
      timeout: startMsMax,
    });
    child.once('error', reject);
    child.once('exit', (code) => {
      if (code === 0) resolve(performance.now() - began);
      else reject(new Error(`${words.join(' ')} ended with ${code}`));
    });
  });
}

async function startSeller() {
  const { invoice, paymentHash } = await new PaperNode().createInvoice({
    amountMsat: 1_000n,
    description: 'start-up',
    expirySeconds: 3_600,
  });
  const request = writeChargeRequest({ amountSat: 1n, invoice, paymentHash, network: 'regtest' });
  const server = createServer((_request, response) => {
    const challenge = serializeChallenge({
      id: 'start-up-0123456789abcdef',
      realm: 'start-up',
      method: 'lightning',
      intent: 'charge',
      request: encodeRequest({ ...request }),
      expires: new Date(Date.now() + 600_000).toISOString(),
    });
    response.writeHead(402, { 'www-authenticate': challenge, 'cache-control': 'no-store' }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A TCP server that listens has an address of this form.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = 0, high = 0] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return (low + high) / 2;
}
