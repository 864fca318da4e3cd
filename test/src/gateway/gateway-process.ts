import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Child, startNode } from '../chaos/processes.js';
import type { FromGateway, ToGateway } from './gateway-messages.js';

const script = fileURLToPath(new URL('gateway-child.js', import.meta.url));

type Told<K extends FromGateway['tell']> = Extract<FromGateway, { tell: K }>;

/** A gateway in a process of its own. */
export interface GatewayProcess {
  readonly child: Child;
  readonly port: number;
  /** Seed of its node's preimages. */
  readonly seed: string;
  memory(): Promise<Told<'memory'>>;
  /** Bytes of the heap of the ledger's thread; takes a moment. */
  ledgerMemory(): Promise<number>;
  totals(): Promise<Told<'totals'>>;
  reload(version: number): Promise<void>;
  close(): Promise<void>;
}

/** Starts a gateway in front of upstreams. */
export async function startGatewayProcess(upstreams: readonly string[]): Promise<GatewayProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'farebox-load-'));
  const seed = randomBytes(16).toString('hex');
  const child = startNode(['--expose-gc', script, folder, seed, ...upstreams], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const told = <K extends FromGateway['tell']>(kind: K): Promise<Told<K>> =>
    new Promise((resolve, reject) => {
      const onMessage = (message: FromGateway): void => {
        if (message.tell !== kind) return;
        child.process.off('message', onMessage);
        // Its `tell` has just been compared with K.
        resolve(message as Told<K>);
      };
      child.process.on('message', onMessage);
      void child.exited.then(() =>
        reject(new Error(`The gateway has ended: ${child.stderr.slice(0, 2_000)}`)),
      );
    });
  const ask = <K extends FromGateway['tell']>(message: ToGateway, answer: K): Promise<Told<K>> => {
    const answered = told(answer);
    child.process.send(message);
    return answered;
  };
  const { port } = await told('listening');
  return {
    child,
    port,
    seed,
    memory: () => ask({ ask: 'memory' }, 'memory'),
    ledgerMemory: async () => (await ask({ ask: 'ledger-memory' }, 'ledger-memory')).bytes,
    totals: () => ask({ ask: 'totals' }, 'totals'),
    reload: async (version) => void (await ask({ ask: 'reload', version }, 'reloaded')),
    async close() {
      if (child.running) child.process.send({ ask: 'close' } satisfies ToGateway);
      await child.exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
