import { randomBytes } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { CliError, usageError } from '../cli-error.js';

const tokenBytes = 32;
const tokenBytesMax = 1_024;
const othersMask = 0o077;

/**
 * The bearer token of a server over HTTP, from a file that only its owner may read; made, with a new token, when there is
 * none. Throws {@link CliError} for a file that others may read, and for a token that is too short.
 *
 * @param charsMin - Shortest token.
 */
export async function readTokenFile(path: string, charsMin: number): Promise<string> {
  const made = await make(path);
  if (made !== undefined) return made;
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw new CliError('token_file', 'The file of --token-file cannot be read.', { cause });
  });
  try {
    return await read(file, path, charsMin);
  } finally {
    await file.close();
  }
}

async function make(path: string): Promise<string | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, 'wx', 0o600);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST') return undefined;
    throw new CliError('token_file', 'The file of --token-file cannot be written.', { cause });
  }
  try {
    const token = randomBytes(tokenBytes).toString('base64url');
    await file.writeFile(`${token}\n`);
    await file.sync();
    return token;
  } finally {
    await file.close();
  }
}

async function read(file: FileHandle, path: string, charsMin: number): Promise<string> {
  // Of the opened file, so that nothing can be put in its place in between.
  const { mode, size } = await file.stat();
  if (process.platform !== 'win32' && (mode & othersMask) !== 0) {
    throw new CliError(
      'token_file_open',
      `Others may read the token; take that right away first: chmod 600 ${path}`,
      {
        retry: 'never',
      },
    );
  }
  const token = size > tokenBytesMax ? '' : (await file.readFile('utf8')).trim();
  if (token.length >= charsMin && /^[\x21-\x7e]+$/.test(token)) return token;
  throw usageError(`The token of --token-file must have at least ${charsMin} characters, without spaces.`);
}
