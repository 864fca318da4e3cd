import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Child, startNode } from '../chaos/processes.js';
import type { FromGateway, ToGateway } from './gateway-messages.js';

const script = fileURLToPath(new URL('./gateway-child.js', import.meta.url));
/** The HMAC secret of the gateway under fuzz. */
export const fuzzSecret = 'the secret of the gateway under fuzz, 32 bytes and more';

/** The gateway's process, seen from the test. */
export interface GatewayProcess {
  readonly child: Child;
  readonly port: number;
  memory(): Promise<{ readonly heapBytes: number; readonly rssBytes: number }>;
  preimage(paymentHash: string): Promise<string>;
  claims(): Promise<number>;
  close(): Promise<void>;
}

/** Starts the gateway under fuzz in front of an upstream. */
export async function startGatewayProcess(upstream: string): Promise<GatewayProcess> {
  const directory = mkdtempSync(join(tmpdir(), 'farebox-fuzz-'));
  const words = ['--expose-gc', script, directory, upstream, fuzzSecret];
  const child = startNode(words, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  const told = <K extends FromGateway['tell']>(kind: K): Promise<Extract<FromGateway, { tell: K }>> =>
    new Promise((resolve, reject) => {
      const onMessage = (message: FromGateway): void => {
        if (message.tell !== kind) return;
        child.process.off('message', onMessage);
        // Its `tell` has just been compared with K.
        resolve(message as Extract<FromGateway, { tell: K }>);
      };
      child.process.on('message', onMessage);
      void child.exited.then(() =>
        reject(new Error(`The gateway has ended: ${child.stderr.slice(0, 2_000)}`)),
      );
    });
  const ask = (message: ToGateway): void => void child.process.send(message);
  const { port } = await told('listening');
  return {
    child,
    port,
    memory() {
      const answer = told('memory');
      ask({ ask: 'memory' });
      return answer;
    },
    async preimage(paymentHash) {
      const answer = told('preimage');
      ask({ ask: 'preimage', paymentHash });
      return (await answer).preimage;
    },
    async claims() {
      const answer = told('claims');
      ask({ ask: 'claims' });
      return (await answer).count;
    },
    async close() {
      if (child.running) ask({ ask: 'close' });
      await child.exited;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
