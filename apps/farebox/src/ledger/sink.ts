import type { Writable } from 'node:stream';
import { AtomicFile } from './atomic-file.js';

/** Where rows go. Written in chunks, and never faster than they are taken. */
export interface Sink {
  /** False: the reader has left, and nothing more needs to be written. Rejects when it cannot be written. */
  write(text: string): Promise<boolean>;
  /** Everything is there. */
  finish(): Promise<void>;
  /** Something went wrong: a file that was begun is taken away again. After `finish` it does nothing. */
  abandon(): Promise<void>;
}

/** Characters that are gathered before they are written. */
const chunkChars = 65_536;

/** Gathers text into chunks for what takes them. */
class ChunkedSink implements Sink {
  readonly #take: (chunk: string) => Promise<boolean>;
  readonly #end: () => Promise<void>;
  readonly #drop: () => Promise<void>;
  #gathered: string[] = [];
  #chars = 0;
  #open = true;

  constructor(
    take: (chunk: string) => Promise<boolean>,
    end: () => Promise<void>,
    drop: () => Promise<void>,
  ) {
    this.#take = take;
    this.#end = end;
    this.#drop = drop;
  }

  async write(text: string): Promise<boolean> {
    this.#gathered.push(text);
    this.#chars += text.length;
    if (this.#chars >= chunkChars) await this.#flush();
    return this.#open;
  }

  async finish(): Promise<void> {
    await this.#flush();
    await this.#end();
  }

  abandon(): Promise<void> {
    return this.#drop();
  }

  async #flush(): Promise<void> {
    const chunk = this.#gathered.join('');
    this.#gathered = [];
    this.#chars = 0;
    if (this.#open && chunk !== '') this.#open = await this.#take(chunk);
  }
}

/** A sink that writes to a stream which it does not close. A reader that leaves early (`| head`) is no failure. */
export function streamSink(stream: Writable): Sink {
  const take = (chunk: string): Promise<boolean> =>
    new Promise((resolve, reject) => {
      stream.write(chunk, (error) => {
        if (error === null || error === undefined) resolve(true);
        else if ('code' in error && (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED'))
          resolve(false);
        else reject(error);
      });
    });
  const nothing = (): Promise<void> => Promise.resolve();
  return new ChunkedSink(take, nothing, nothing);
}

/**
 * A sink that writes a file whole or not at all (see {@link AtomicFile}).
 *
 * @throws {CliError} when it cannot be written there
 */
export async function fileSink(path: string): Promise<Sink> {
  const file = await AtomicFile.begin(path);
  const take = async (chunk: string): Promise<boolean> => {
    await file.write(chunk);
    return true;
  };
  return new ChunkedSink(
    take,
    () => file.commit(),
    () => file.discard(),
  );
}
