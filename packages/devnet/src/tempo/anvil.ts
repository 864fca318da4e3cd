import { type ChildProcess, spawn } from 'node:child_process';
import { findAnvil, TempoDevnetError } from './binary.js';

/** How the chain's program is started. */
export interface AnvilOptions {
  readonly chainId: number;
  /** Tempo's name of the rules: `T0` … `T4`. */
  readonly hardfork: string;
  /** Where the chain is written to when the program ends, and read from when it starts. */
  readonly statePath: string;
}

/** A running chain. */
export interface Anvil {
  /** Its own JSON-RPC, with the traps. */
  readonly url: string;
  /** Why the miner dropped a transaction, once it has. */
  droppedReason(hash: string): string | undefined;
  /** Asks it to end, so that it writes its state; resolves when it has. */
  stop(): Promise<void>;
}

/** How long the program may take to listen, milliseconds. */
export const anvilStartTimeoutMs = 60_000;
/** How long it may take to write its state and end before it is killed, milliseconds. */
const anvilStopTimeoutMs = 30_000;
/** Most dropped transactions whose reason is remembered. */
const droppedMax = 10_000;

const listeningLine = /^Listening on (127\.0\.0\.1:\d+)$/;
const droppedLine =
  /Skipping invalid tx \[(0x[0-9a-f]{64})\]: EVM reported invalid transaction \(0x[0-9a-f]{64}\): (.*)$/;

/** Reads lines, without the colours. */
function readLines(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one.
    for (const line of lines) onLine(line.replace(/\x1b\[[0-9;]*m/g, '').trimEnd());
  });
}

/**
 * Starts the chain's program on a free port of the loopback address.
 *
 * - The hardfork is always named: the default, T0, knows neither expiring nonces nor access keys of today.
 * - A block each second, and one at once for each transaction: an idle chain would otherwise live in the past, and
 *   every validity window would be "too far in the future".
 * - Pool balance checks off: they look at the native balance, which nobody has on Tempo.
 */
export async function startAnvil(options: AnvilOptions): Promise<Anvil> {
  const child = spawn(
    findAnvil(),
    [
      ...['--network', 'tempo', '--hardfork', options.hardfork, '--chain-id', String(options.chainId)],
      ...['--host', '127.0.0.1', '--port', '0', '--block-time', '1', '--mixed-mining'],
      ...['--disable-pool-balance-checks', '--state', options.statePath],
    ],
    // The reason why a transaction was dropped is told to the log and to nobody else.
    { env: { ...process.env, RUST_LOG: 'warn' }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const dropped = new Map<string, string>();
  const listening = waitUntilListening(child, (line) => {
    const [, hash, reason] = droppedLine.exec(line) ?? [];
    if (hash === undefined || reason === undefined) return;
    const oldest = dropped.size >= droppedMax ? dropped.keys().next().value : undefined;
    if (oldest !== undefined) dropped.delete(oldest);
    dropped.set(hash, reason);
  });
  const endWithUs = () => child.kill('SIGKILL');
  process.once('exit', endWithUs);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  ended.then(() => process.off('exit', endWithUs));
  return {
    url: `http://${await listening}`,
    droppedReason: (hash) => dropped.get(hash),
    async stop() {
      const timer = setTimeout(() => child.kill('SIGKILL'), anvilStopTimeoutMs);
      child.kill('SIGTERM');
      await ended;
      clearTimeout(timer);
    },
  };
}

/** The address that the program listens on. Goes on reading its lines afterwards. */
function waitUntilListening(child: ChildProcess, onLine: (line: string) => void): Promise<string> {
  return new Promise((resolve, reject) => {
    let lastLine = '';
    const fail = (why: string, cause?: Error) => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      reject(new TempoDevnetError('start_failed', `The Tempo devnet did not start: ${why}`, { cause }));
    };
    const timer = setTimeout(
      () => fail(`nothing listens after ${anvilStartTimeoutMs} ms`),
      anvilStartTimeoutMs,
    );
    child.once('error', (error) => fail('its program cannot be run', error));
    child.once('close', () => fail(`its program has ended (${lastLine || 'it said nothing'})`));
    const read = (line: string) => {
      if (line !== '') lastLine = line;
      const address = listeningLine.exec(line)?.[1];
      if (address !== undefined) {
        clearTimeout(timer);
        resolve(address);
      }
      onLine(line);
    };
    if (child.stdout !== null) readLines(child.stdout, read);
    if (child.stderr !== null) readLines(child.stderr, read);
  });
}
