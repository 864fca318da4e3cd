import { randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { chmod, type FileHandle, lstat, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { VaultError } from './vault-error.js';

/** Anybody else's rights. */
const othersMask = 0o077;
const fileMode = 0o600;
const folderMode = 0o700;

/** Windows has neither these flags nor such rights. */
const { O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
const hasModes = process.platform !== 'win32';

/** True when a call to the file system failed for this reason. */
export function failedWith(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

/** Whose file is read. `any`: a copy on a foreign disk; what is in it proves itself when it is opened. */
export interface PrivateFileOptions {
  readonly rights?: 'owner' | 'any';
}

/**
 * Reads a small file that is for its owner alone. A link is not followed, and a file or folder that others may look
 * into is not used: who can read can guess, who can write can swap.
 *
 * @returns Undefined when there is no such file.
 * @throws {VaultError} `vault_exposed`, `vault_not_plain`, `vault_too_large`, `vault_unavailable`
 */
export async function readPrivateFile(
  path: string,
  bytesMax: number,
  { rights = 'owner' }: PrivateFileOptions = {},
): Promise<Uint8Array | undefined> {
  let file: FileHandle;
  try {
    // A pipe in its place must not hold us up.
    file = await open(path, constants.O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (cause) {
    if (failedWith(cause, 'ENOENT')) return undefined;
    if (failedWith(cause, 'ELOOP') || failedWith(cause, 'EMLINK')) throw notPlain(path);
    throw unavailable(path, cause);
  }
  try {
    const found = await file.stat();
    if (!found.isFile()) throw notPlain(path);
    if (rights === 'owner') {
      checkRights(path, found, '600');
      await checkFolder(dirname(path));
    }
    if (found.size > bytesMax) throw tooLarge(path, bytesMax);
    return await readAtMost(file, path, bytesMax);
  } catch (cause) {
    throw cause instanceof VaultError ? cause : unavailable(path, cause);
  } finally {
    await file.close();
  }
}

/** The size was asked before, but a file can grow. */
async function readAtMost(file: FileHandle, path: string, bytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of file.createReadStream({ autoClose: false })) {
    // A stream without an encoding gives bytes.
    const bytes = chunk as Uint8Array;
    length += bytes.length;
    if (length > bytesMax) throw tooLarge(path, bytesMax);
    chunks.push(bytes);
  }
  return Uint8Array.from(Buffer.concat(chunks));
}

/** The folder, made with mode 0700 where it is missing. Throws {@link VaultError} `vault_exposed` when others may use it. */
export async function preparePrivateFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: folderMode });
  } catch (cause) {
    throw unavailable(folder, cause);
  }
  await checkFolder(folder);
}

async function checkFolder(folder: string): Promise<void> {
  checkRights(folder, await stat(folder), '700');
}

function checkRights(path: string, { mode, uid }: Stats, wanted: string): void {
  if (!hasModes) return;
  if ((mode & othersMask) !== 0) {
    const message = `Others may read or change ${path}; take that right away first: chmod ${wanted} ${path}`;
    throw new VaultError('vault_exposed', message);
  }
  const own = process.getuid?.();
  if (own !== undefined && own !== 0 && uid !== own) {
    throw new VaultError('vault_exposed', `${path} belongs to another user; take it over first with chown.`);
  }
}

/**
 * Writes a file whole, or not at all: a draft beside it, on disk, then renamed, and the folder on disk as well. With
 * `replace` false a file that is there stays, and the answer is false.
 *
 * @throws {VaultError} `vault_unavailable`, `vault_not_plain`
 */
export async function writePrivateFile(
  path: string,
  bytes: Uint8Array,
  { replace }: { readonly replace: boolean },
): Promise<boolean> {
  try {
    const present = await lstat(path).catch((error: unknown) => {
      if (failedWith(error, 'ENOENT')) return undefined;
      throw error;
    });
    if (present && !replace) return false;
    if (present && !present.isFile()) throw notPlain(path);
    const draft = `${path}.${randomBytes(6).toString('hex')}.draft`;
    try {
      await writeDraft(draft, bytes);
      await rename(draft, path);
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
    await syncFolder(dirname(path));
    return true;
  } catch (cause) {
    throw cause instanceof VaultError ? cause : unavailable(path, cause);
  }
}

async function writeDraft(draft: string, bytes: Uint8Array): Promise<void> {
  const file = await open(draft, 'wx', fileMode);
  try {
    await chmod(draft, fileMode);
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Without this, a crash could forget the rename. Some systems cannot open a folder. */
async function syncFolder(folder: string): Promise<void> {
  let handle: FileHandle;
  try {
    handle = await open(folder, 'r');
  } catch {
    return;
  }
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Removes drafts that a crash has left beside a file. Only for who has the lock of that file. */
export async function removeDrafts(path: string): Promise<void> {
  const start = `${basename(path)}.`;
  const names = await readdir(dirname(path));
  const drafts = names.filter((name) => name.startsWith(start) && name.endsWith('.draft'));
  await Promise.all(drafts.map((name) => rm(join(dirname(path), name), { force: true })));
}

function notPlain(path: string): VaultError {
  return new VaultError(
    'vault_not_plain',
    `${path} is a link or no plain file, and is not used; put the file itself there.`,
  );
}

function tooLarge(path: string, bytesMax: number): VaultError {
  return new VaultError(
    'vault_too_large',
    `${path} is larger than any vault (${bytesMax} bytes); take a backup of it.`,
  );
}

function unavailable(path: string, cause: unknown): VaultError {
  const message = `${path} cannot be read or written; check the disk, the path and its owner.`;
  return new VaultError('vault_unavailable', message, { cause });
}
