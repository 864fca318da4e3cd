import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { isJsonObject, type JsonValue } from '@farebox/protocol';
import { freePort } from '../../ports.js';
import { until } from '../steps.js';

/** A real LND that runs on this machine. */
export interface RunningLnd {
  readonly restPort: number;
  readonly peerPort: number;
  /** PEM. */
  readonly certificate: string;
  /** The content of one of LND's macaroon files. */
  macaroon(name: 'admin' | 'invoice' | 'readonly'): Promise<Buffer>;
  /** A new macaroon that allows these operations and no others. Rejects until LND is ready. */
  bake(operations: readonly string[]): Promise<Buffer>;
  stop(): Promise<void>;
}

/**
 * Starts an LND on regtest in a directory of its own under the system's temporary directory, with a Bitcoin Core
 * JSON-RPC on this machine as its chain, and waits until its files are there. `stop` removes the directory.
 */
export async function startLnd(binary: string, bitcoinPort: number): Promise<RunningLnd> {
  const directory = await mkdtemp(join(tmpdir(), 'farebox-lnd-'));
  const [rpcPort, restPort, peerPort] = [await freePort(), await freePort(), await freePort()];
  const child = spawn(
    binary,
    [
      `--lnddir=${directory}`,
      '--bitcoin.regtest',
      '--bitcoin.node=bitcoind',
      `--bitcoind.rpchost=127.0.0.1:${bitcoinPort}`,
      '--bitcoind.rpcuser=devnet',
      '--bitcoind.rpcpass=devnet',
      '--bitcoind.rpcpolling',
      '--bitcoind.blockpollinginterval=100ms',
      '--bitcoind.txpollinginterval=100ms',
      '--noseedbackup',
      '--nobootstrap',
      `--listen=127.0.0.1:${peerPort}`,
      `--rpclisten=127.0.0.1:${rpcPort}`,
      `--restlisten=127.0.0.1:${restPort}`,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const log = createWriteStream(join(directory, 'output.log'));
  child.stdout.pipe(log);
  child.stderr.pipe(log);
  const macaroons = join(directory, 'data', 'chain', 'bitcoin', 'regtest');
  try {
    const certificate = await until(
      () => readWhileRunning(child, join(directory, 'tls.cert')),
      (content) => content !== undefined,
    );
    await until(
      () => readWhileRunning(child, join(macaroons, 'readonly.macaroon')),
      (content) => content !== undefined,
    );
    return {
      restPort,
      peerPort,
      certificate: certificate?.toString('utf8') ?? '',
      macaroon: (name) => readFile(join(macaroons, `${name}.macaroon`)),
      bake: async (operations) => {
        const admin = await readFile(join(macaroons, 'admin.macaroon'));
        const permissions = operations.map((each) => {
          const [entity = '', action = ''] = each.split(':');
          return { entity, action };
        });
        const answer = await postJson(restPort, certificate ?? Buffer.alloc(0), admin, '/v1/macaroon', {
          permissions,
        });
        const baked =
          isJsonObject(answer) && typeof answer.macaroon === 'string' ? answer.macaroon : undefined;
        if (baked === undefined) throw new Error('LND baked no macaroon.');
        return Buffer.from(baked, 'hex');
      },
      stop: () => stop(child, directory),
    };
  } catch (error) {
    await stop(child, directory);
    throw error;
  }
}

/** Not through the adapter: this is what the operator does before there is one. */
function postJson(
  port: number,
  ca: Buffer,
  macaroon: Buffer,
  path: string,
  body: JsonValue,
): Promise<JsonValue> {
  return new Promise((resolve, reject) => {
    const headers = { 'Grpc-Metadata-macaroon': macaroon.toString('hex') };
    const call = request({ host: '127.0.0.1', port, path, method: 'POST', ca, headers }, (response) => {
      text(response).then((answer) => resolve(JSON.parse(answer)), reject);
    });
    call.on('error', reject);
    call.end(JSON.stringify(body));
  });
}

async function readWhileRunning(child: ChildProcess, path: string): Promise<Buffer | undefined> {
  if (child.exitCode !== null) throw new Error(`LND ended with code ${child.exitCode}.`);
  return readFile(path).catch(() => undefined);
}

async function stop(child: ChildProcess, directory: string): Promise<void> {
  if (child.exitCode === null) {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  }
  await rm(directory, { recursive: true, force: true });
}
