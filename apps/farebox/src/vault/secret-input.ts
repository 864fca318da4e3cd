import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { CliError, usageError } from '../cli-error.js';

/** Longest secret that is read from anywhere, bytes: a connection text or a macaroon is some hundred. */
export const secretInputBytesMax = 16_384;
/** Anybody else's rights. */
const othersMask = 0o077;

/** Where one secret may come from. Never from an argument: those are seen by every process of the machine. */
export interface SecretPlaces {
  /** What it is, for people: `passphrase`. */
  readonly what: string;
  /** Number of an open file descriptor. */
  readonly fd?: number | undefined;
  readonly file?: string | undefined;
  /** The environment variable that holds it; the same with `_FILE` names a file. */
  readonly variable: string;
}

/** What was taken out of the environment, so that it can be asked for again in this process. */
const taken = new Map<string, string>();
/** What was read from a descriptor: it can be read once. */
const drained = new Map<number, Buffer>();

/**
 * A secret of one line: from the descriptor or the file that was named, else from the environment. Undefined when it is
 * nowhere.
 *
 * @throws {CliError} `secret_unreadable`, `secret_exposed`, and usage errors; none repeats what was read
 */
export async function readSecretLine(places: SecretPlaces): Promise<string | undefined> {
  const bytes = await readSecretBytes(places);
  if (bytes === undefined) return undefined;
  const line = bytes.toString('utf8').replace(/\r?\n$/, '');
  if (line !== '' && !/[\0\r\n]/.test(line)) return line;
  throw usageError(`The ${places.what} must stand on one line, and nothing beside it.`);
}

/** The same, as it stands: LND's macaroons are binary. */
export async function readSecretBytes({
  what,
  fd,
  file,
  variable,
}: SecretPlaces): Promise<Buffer | undefined> {
  if (fd !== undefined && file !== undefined) {
    throw usageError(`Give the ${what} with a descriptor or with a file, not both.`);
  }
  if (fd !== undefined) return readDescriptor(fd, what);
  if (file !== undefined) return readSecretFile(file, what);
  const value = takeVariable(variable);
  if (value !== undefined) return Buffer.from(value);
  const named = process.env[`${variable}_FILE`];
  return named === undefined || named === '' ? undefined : readSecretFile(named, what);
}

/**
 * A variable with a secret is taken out of the environment: a child process does not inherit it, and a diagnostic report
 * of Node does not show it.
 */
function takeVariable(name: string): string | undefined {
  const value = process.env[name];
  if (value !== undefined && value !== '') taken.set(name, value);
  delete process.env[name];
  return taken.get(name);
}

async function readDescriptor(fd: number, what: string): Promise<Buffer> {
  const known = drained.get(fd);
  if (known !== undefined) return known;
  const stream = createReadStream('', { fd, autoClose: false });
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of stream) {
      // A stream without an encoding gives buffers.
      const bytes = chunk as Buffer;
      chunks.push(bytes);
      length += bytes.length;
      // The writer may keep its end open.
      if (bytes.includes(0x0a) || length > secretInputBytesMax) break;
    }
  } catch (cause) {
    const message = `The ${what} cannot be read from descriptor ${fd}; open it for this command, such as ${fd}< file.`;
    throw new CliError('secret_unreadable', message, { cause, retry: 'never' });
  }
  const bytes = checkLength(Buffer.concat(chunks), what);
  drained.set(fd, bytes);
  return bytes;
}

async function readSecretFile(path: string, what: string): Promise<Buffer> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    const message = `The file with the ${what} (${path}) cannot be read; check the path and its owner.`;
    throw new CliError('secret_unreadable', message, { cause, retry: 'never' });
  });
  try {
    const found = await file.stat();
    if (!found.isFile()) throw usageError(`The ${what} is read from a plain file, and ${path} is none.`);
    // Windows has no such rights to look at.
    if (process.platform !== 'win32' && (found.mode & othersMask) !== 0) {
      const message = `Others may read the file with the ${what}; take that right away first: chmod 600 ${path}`;
      throw new CliError('secret_exposed', message, { retry: 'never' });
    }
    const bytes = Buffer.alloc(secretInputBytesMax + 1);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
    return checkLength(bytes.subarray(0, bytesRead), what);
  } finally {
    await file.close();
  }
}

function checkLength(bytes: Buffer, what: string): Buffer {
  if (bytes.length > 0 && bytes.length <= secretInputBytesMax) return bytes;
  throw usageError(
    `The ${what} is empty, or longer than ${secretInputBytesMax} bytes; check where it is read from.`,
  );
}

/** True where somebody can be asked: a person sits at both ends. */
export function canPrompt(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** Asks for a secret on the terminal, without showing it; stdout stays for the result. */
export async function promptSecret(message: string): Promise<string> {
  const { isCancel, password } = await import('@clack/prompts');
  const answer = await password({ message, output: process.stderr, mask: '*' });
  if (isCancel(answer) || typeof answer !== 'string') throw new CliError('cancelled', 'Nothing was done.');
  return answer;
}
