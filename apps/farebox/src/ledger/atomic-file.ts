import { randomUUID } from 'node:crypto';
import { unlinkSync } from 'node:fs';
import { type FileHandle, open, realpath, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CliError } from '../cli-error.js';

/** What ends the command at the user's wish. */
const endings = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * A file that is written beside its place and put there whole: a reader finds the old content or the new one, also after
 * a crash. Readable by its owner only. Being interrupted leaves nothing behind.
 */
export class AtomicFile {
  readonly #place: string;
  readonly #temporary: string;
  readonly #handle: FileHandle;
  #done = false;

  private constructor(place: string, temporary: string, handle: FileHandle) {
    this.#place = place;
    this.#temporary = temporary;
    this.#handle = handle;
    for (const signal of endings) process.on(signal, this.#onEnding);
  }

  /**
   * Begins a file. Nothing is seen at its place before {@link commit}.
   *
   * @throws {CliError} `output_file`
   */
  static async begin(path: string): Promise<AtomicFile> {
    try {
      const place = await placeOf(path);
      // Not by process number: in a container a killed one often had the same.
      const temporary = join(dirname(place), `.${basename(place)}.${randomUUID()}.part`);
      return new AtomicFile(place, temporary, await open(temporary, 'wx', 0o600));
    } catch (cause) {
      throw cause instanceof CliError ? cause : unwritable(path, cause);
    }
  }

  async write(text: string): Promise<void> {
    await this.#handle.appendFile(text).catch((cause: unknown) => {
      throw unwritable(this.#place, cause);
    });
  }

  /** Puts the file in its place, durably. */
  async commit(): Promise<void> {
    try {
      // Its bytes first: a rename that is durable before them would put an empty file there after a power cut.
      await this.#handle.sync();
      await this.#handle.close();
      await rename(this.#temporary, this.#place);
      this.#end();
      await syncFolder(dirname(this.#place));
    } catch (cause) {
      throw unwritable(this.#place, cause);
    }
  }

  /** Takes away what was begun. After {@link commit} it does nothing. */
  async discard(): Promise<void> {
    if (this.#done) return;
    this.#end();
    await this.#handle.close().catch(() => undefined);
    await unlink(this.#temporary).catch(() => undefined);
  }

  #end(): void {
    this.#done = true;
    for (const signal of endings) process.off(signal, this.#onEnding);
  }

  readonly #onEnding = (signal: NodeJS.Signals): void => {
    this.#end();
    try {
      unlinkSync(this.#temporary);
    } catch {
      // It is gone already.
    }
    // As if nobody had listened: the caller sees which signal it was.
    process.kill(process.pid, signal);
  };
}

/** Where the file really lies. A link stays a link; what is no file (a device, a folder) is never replaced by one. */
async function placeOf(path: string): Promise<string> {
  const found = await stat(path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (found === undefined) return path;
  if (found.isFile()) return realpath(path);
  throw new CliError('output_file', `${path} is no regular file; leave -o out to write to stdout.`);
}

async function syncFolder(path: string): Promise<void> {
  // Windows cannot sync a folder and does not need it.
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  await folder.sync().finally(() => folder.close());
}

function unwritable(path: string, cause: unknown): CliError {
  const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
  return new CliError('output_file', `${path} cannot be written${code}; name another file with -o.`, {
    cause,
  });
}
