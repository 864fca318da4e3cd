import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client } from 'pg';

/** The environment variable with the URL of a server for tests. Its user must be allowed to create schemas. */
export const testPostgresVariable = 'FAREBOX_TEST_POSTGRES';

const packagesFolder = '/usr/lib/postgresql';
const givenUrl = process.env[testPostgresVariable];
const isRoot = process.getuid?.() === 0;

/** Why there is no PostgreSQL for tests; undefined when there is one. Put it into the name of what is skipped. */
export const postgresMissing: string | undefined = reasonMissing();
/** Why no server can be stopped and started by tests. */
export const privatePostgresMissing: string | undefined =
  givenUrl === undefined ? postgresMissing : `${testPostgresVariable} is not ours to stop`;

/** A server for tests. */
export interface PostgresServer {
  /** Where it is: for `openPostgresLedger`. */
  readonly url: string;
  /** Runs one statement as an administrator would, on a connection of its own. */
  sql(text: string, values?: readonly unknown[]): Promise<unknown[][]>;
  /** Ends it as a crash would (`crash`) or in order, cutting every connection. Only a private one. */
  stop(how?: 'crash' | 'fast'): Promise<void>;
  /** Starts it again. Only a private one. */
  start(): Promise<void>;
  /** Ends a private server and removes its files. */
  dispose(): Promise<void>;
}

/**
 * The server that `FAREBOX_TEST_POSTGRES` names, or a private one from Debian's packages: in a folder of its own, on a
 * Unix socket there, durable like a real one, ended with this process.
 *
 * @param kind `private`: never the one that the variable names
 */
export async function testPostgres(kind: 'any' | 'private' = 'any'): Promise<PostgresServer> {
  const missing = kind === 'any' ? postgresMissing : privatePostgresMissing;
  if (missing !== undefined) throw new Error(`no PostgreSQL: ${missing}`);
  return givenUrl === undefined ? await startPrivate() : given(givenUrl);
}

function given(url: string): PostgresServer {
  const notOurs = (): Promise<void> =>
    Promise.reject(new Error(`${testPostgresVariable} is not ours to stop`));
  return {
    url,
    sql: (...query) => sql(url, ...query),
    stop: notOurs,
    start: notOurs,
    dispose: async () => {},
  };
}

async function startPrivate(): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), 'farebox-pg-'));
  const user = serverUser();
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  const options = ['--username=farebox', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'];
  run(binary('initdb'), ['-D', data, ...options], folder);
  const url = `postgres://farebox@localhost/postgres?host=${encodeURIComponent(folder)}`;
  let server: ChildProcess | undefined;
  // Whoever forgets to dispose of it leaves nothing behind either, unless killed.
  const endWithUs = (): void => {
    server?.kill('SIGQUIT');
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  };
  process.once('exit', endWithUs);
  const start = async (): Promise<void> => {
    server = await listening(data, folder);
  };
  const stop = async (how: 'crash' | 'fast' = 'fast'): Promise<void> => {
    const running = server;
    server = undefined;
    if (running === undefined || running.exitCode !== null) return;
    const ended = once(running, 'exit');
    running.ref();
    running.kill(how === 'crash' ? 'SIGQUIT' : 'SIGINT');
    await ended;
  };
  await start();
  return {
    url,
    sql: (...query) => sql(url, ...query),
    start,
    stop,
    async dispose() {
      await stop('crash');
      process.off('exit', endWithUs);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function listening(data: string, folder: string): Promise<ChildProcess> {
  const settings = ['listen_addresses=', `unix_socket_directories=${folder}`, 'shared_buffers=32MB'];
  const args = ['-D', data, ...settings.flatMap((setting) => ['-c', setting])];
  const [command, ...rest] = asServer([binary('postgres'), ...args]);
  const server = spawn(command, rest, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  const log: string[] = [];
  const lines = createInterface(server.stderr);
  await new Promise<void>((resolve, reject) => {
    lines.on('line', (line) => {
      if (log.length < 50) log.push(line);
      if (line.includes('database system is ready to accept connections')) resolve();
    });
    server.once('exit', () => reject(new Error(`PostgreSQL did not start: ${log.join('\n')}`)));
    server.once('error', reject);
  });
  // The test's own end is not held up by it; it ends with the test's process.
  server.unref();
  return server;
}

async function sql(url: string, text: string, values: readonly unknown[] = []): Promise<unknown[][]> {
  const client = new Client({ connectionString: url });
  // A server that is stopped while we are connected says so here too.
  client.on('error', () => {});
  await client.connect();
  try {
    const { rows } = await client.query<unknown[]>({ text, values: [...values], rowMode: 'array' });
    return rows;
  } finally {
    await client.end();
  }
}

function reasonMissing(): string | undefined {
  if (givenUrl !== undefined) return undefined;
  if (binaryFolder() === undefined)
    return `no ${testPostgresVariable}, and no server in ${packagesFolder}/*/bin`;
  if (isRoot && spawnSync('setpriv', ['--version']).status !== 0) {
    return 'PostgreSQL does not run as root, and there is no setpriv to become somebody else';
  }
  return undefined;
}

function binaryFolder(): string | undefined {
  if (!existsSync(packagesFolder)) return undefined;
  const versions = readdirSync(packagesFolder).sort((a, b) => Number(b) - Number(a));
  const folders = versions.map((version) => join(packagesFolder, version, 'bin'));
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')));
}

function binary(name: string): string {
  return join(binaryFolder() ?? packagesFolder, name);
}

// Whom root becomes, because PostgreSQL refuses to run as root.
function serverUser(): { readonly uid: number; readonly gid: number } | undefined {
  if (!isRoot) return undefined;
  const found = spawnSync('id', ['-u', 'postgres'], { encoding: 'utf8' });
  const group = spawnSync('id', ['-g', 'postgres'], { encoding: 'utf8' });
  return found.status === 0
    ? { uid: Number(found.stdout), gid: Number(group.stdout) }
    : { uid: 65534, gid: 65534 };
}

// With setpriv the kernel ends the server with us, however we end.
function asServer(command: readonly [string, ...string[]]): [string, ...string[]] {
  const user = serverUser();
  if (user !== undefined) {
    const become = [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', '--pdeathsig=QUIT'];
    return ['setpriv', ...become, ...command];
  }
  const canFollow = spawnSync('setpriv', ['--pdeathsig=QUIT', 'true']).status === 0;
  return canFollow ? ['setpriv', '--pdeathsig=QUIT', ...command] : [...command];
}

function run(command: string, args: readonly string[], cwd: string): void {
  const [program, ...rest] = asServer([command, ...args]);
  execFileSync(program, rest, { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
}
