import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { type Answer, WalletError } from '@farebox/wallet';
import { notWritten } from './body-view.js';
import { CliError } from './cli-error.js';

/** A file that an answer goes into. Opened before anything is paid; takes its name only when it is whole. */
export interface BodyFile {
  readonly path: string;
  /** Throws {@link WalletError} or {@link CliError}, whose sentence says where the answer is or how it is had again. */
  write(answer: Answer, paymentId?: string): Promise<void>;
  /** Removes what is not whole. */
  discard(): Promise<void>;
}

/** Opens the file of `-o`. Throws {@link CliError} `output_file` before anything is spent. */
export async function openBodyFile(path: string): Promise<BodyFile> {
  await refuseNoFile(path);
  const partial = `${path}.${randomBytes(4).toString('hex')}.partial`;
  const file = await open(partial, 'wx').catch((cause: unknown) => {
    throw new CliError('output_file', 'The output file cannot be written; choose another place for -o.', {
      cause,
    });
  });
  let whole = false;
  return {
    path,
    async write(answer, paymentId) {
      const place = async () => {
        // The last byte has been taken: nothing may remove this file any more.
        whole = true;
        await settle(file, partial, path).catch((cause: unknown) => {
          throw keptAside(partial, path, paymentId, cause);
        });
      };
      try {
        // The journal drops the proof with the delivery: until the file has its name, nothing has been delivered.
        answer.beforeEnd?.(place);
        for await (const chunk of answer.body) await file.writeFile(chunk);
      } catch (cause) {
        throw notWritten(cause, paymentId);
      }
      if (!whole) await place();
    },
    async discard() {
      await file.close().catch(() => undefined);
      if (!whole) await rm(partial, { force: true });
    },
  };
}

/** What could not take the name of the file would be found out when the answer has been paid for. */
async function refuseNoFile(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (!path.endsWith('/') && (found === undefined || found.isFile())) return;
  throw new CliError('output_file', 'The place for -o is no file; name a file, such as -o answer.json.');
}

async function settle(file: FileHandle, partial: string, path: string): Promise<void> {
  await file.sync();
  await file.close();
  await rename(partial, path);
}

function keptAside(partial: string, path: string, paymentId: string | undefined, cause: unknown): Error {
  const message = `The answer is whole in ${partial}, and could not be moved to ${path}; take it out by hand.`;
  if (paymentId === undefined) return new CliError('output_failed', message, { cause });
  return new WalletError('answer_unknown', message, { paymentId, cause });
}
