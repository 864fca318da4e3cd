import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { link, open, readFile, rm, stat } from 'node:fs/promises';

/** Shortest token, in characters. */
export const tokenCharsMin = 32;

/** The admin API's token cannot be had. The message says what to do and never holds the token. */
export class AdminTokenError extends Error {
  override readonly name = 'AdminTokenError';
  readonly code = 'admin_token_unusable';
}

/**
 * Reads the token; makes one, for its owner's eyes only, where the file is missing.
 *
 * @throws {AdminTokenError}
 */
export async function readOrMakeToken(path: string): Promise<string> {
  try {
    return await readToken(path);
  } catch (error) {
    if (!(error instanceof AdminTokenError && isMissing(error.cause))) throw error;
  }
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(`${randomBytes(32).toString('base64url')}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    // A link, not a rename: of two that start together one has made the token.
    await link(draft, path).finally(() => rm(draft));
  } catch (cause) {
    const taken = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST';
    if (!taken)
      throw new AdminTokenError(`A token cannot be kept in ${path}; make its folder writable.`, { cause });
  }
  return readToken(path);
}

/**
 * Reads the token that is there.
 *
 * @throws {AdminTokenError}
 */
export async function readToken(path: string): Promise<string> {
  let text: string;
  try {
    const { mode } = await stat(path);
    // Windows has no such bits.
    if (process.platform !== 'win32' && (mode & 0o077) !== 0)
      throw new AdminTokenError(`${path} can be read by others; run: chmod 600 ${path}`);
    text = (await readFile(path, 'utf8')).trim();
  } catch (cause) {
    if (cause instanceof AdminTokenError) throw cause;
    throw new AdminTokenError(`The token file ${path} cannot be read; check its path and its mode.`, {
      cause,
    });
  }
  if (text.length < tokenCharsMin || /\s/.test(text))
    throw new AdminTokenError(`${path} must hold one word of at least ${tokenCharsMin} characters.`);
  return text;
}

function isMissing(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
}

/** Tells in constant time, whatever the lengths, whether an `Authorization` field holds the token. */
export function createTokenCheck(token: string): (authorization: string | undefined) => boolean {
  const wanted = digest(token);
  return (authorization) => {
    const [, given] = /^Bearer +(\S+)$/i.exec(authorization ?? '') ?? [];
    return given !== undefined && timingSafeEqual(digest(given), wanted);
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
