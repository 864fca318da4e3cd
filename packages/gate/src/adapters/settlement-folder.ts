import { mkdir, open, readdir, readFile, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Where an mppx method's settlements are remembered, by challenge id: such a method settles when a credential is judged, and
 * cannot be asked afterwards. What is written must be durable when the promise resolves. Several gateways share one store.
 */
export interface SettlementStore {
  find(challengeId: string): Promise<string | undefined>;
  /** Adds a record, atomically; false when there is one already. */
  begin(challengeId: string, record: string): Promise<boolean>;
  replace(challengeId: string, record: string): Promise<void>;
  drop(challengeId: string): Promise<void>;
}

/** A {@link SettlementStore} in a folder. */
export interface SettlementFolder extends SettlementStore {
  /** Removes the records that were written last before a time, and says how many. A credit whose record is gone is lost. */
  sweep(beforeMs: number): Promise<number>;
}

const idForm = /^[\w-]{1,128}$/;
const ending = '.json';

/** Opens a folder for settlements, and makes it where there is none: one file for each challenge, flushed to the disk. */
export async function openSettlementFolder(path: string): Promise<SettlementFolder> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const fileOf = (challengeId: string): string => {
    if (!idForm.test(challengeId))
      throw new TypeError('A challenge id has 1 to 128 characters of base64url.');
    return join(path, `${challengeId}${ending}`);
  };

  async function write(file: string, record: string, flags: 'w' | 'wx'): Promise<void> {
    const handle = await open(file, flags, 0o600);
    try {
      await handle.writeFile(record);
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  /** A new name is on the disk only when its folder is. */
  async function flushNames(): Promise<void> {
    const handle = await open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  return {
    async find(challengeId) {
      return readFile(fileOf(challengeId), 'utf8').catch((error: unknown) => orWhenAbsent(error, undefined));
    },
    async begin(challengeId, record) {
      try {
        await write(fileOf(challengeId), record, 'wx');
      } catch (error) {
        if (codeOf(error) === 'EEXIST') return false;
        throw error;
      }
      await flushNames();
      return true;
    },
    async replace(challengeId, record) {
      const file = fileOf(challengeId);
      await write(`${file}.new`, record, 'w');
      await rename(`${file}.new`, file);
      await flushNames();
    },
    async drop(challengeId) {
      await unlink(fileOf(challengeId)).catch((error: unknown) => orWhenAbsent(error, undefined));
    },
    async sweep(beforeMs) {
      let swept = 0;
      for (const name of await readdir(path)) {
        const file = join(path, name);
        if (!name.endsWith(ending) || (await stat(file)).mtimeMs >= beforeMs) continue;
        await unlink(file);
        swept++;
      }
      return swept;
    },
  };
}

function orWhenAbsent<Value>(error: unknown, value: Value): Value {
  if (codeOf(error) === 'ENOENT') return value;
  throw error;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
