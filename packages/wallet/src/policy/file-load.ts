import { open, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { defaultPolicyText } from './file-default.js';
import { PolicyError } from './file-issues.js';
import { parsePolicy, policyBytesMax } from './file-parse.js';
import type { Money } from './money.js';
import type { Policy } from './policy.js';

/** A policy that was loaded. */
export interface LoadedPolicy {
  readonly policy: Policy;
  /** The text of the file, or of the default. */
  readonly text: string;
  /** False: there is no file, and the default counts. */
  readonly exists: boolean;
}

/** Others may write neither the file nor its folder, where they could put another in its place: they could raise the limits. */
const othersMayWrite = 0o022;

/**
 * Reads the policy of a wallet. Where there is no file, the default counts: never no limit.
 *
 * @throws PolicyError when it cannot be read, is not valid, or when it or its folder can be written by others. Then nothing is paid.
 * @example
 * ```ts
 * import { loadPolicy, satoshis } from '@farebox/wallet/policy';
 * const { policy } = await loadPolicy('/var/lib/agent/policy.yaml', satoshis);
 * ```
 */
export async function loadPolicy(path: string, money: Money): Promise<LoadedPolicy> {
  await requireOwnFolder(path);
  const text = await readPrivately(path);
  if (text !== undefined) return { policy: parsePolicy(text, path, money).policy, text, exists: true };
  const standard = defaultPolicyText(money);
  const source = `${path}, which does not exist: the default counts`;
  return { policy: parsePolicy(standard, source, money).policy, text: standard, exists: false };
}

function failure(path: string, message: string, cause?: unknown): PolicyError {
  return new PolicyError(path, [{ key: '', message, line: 1, column: 1 }], { cause });
}

/** The file need not be there, and its folder neither: the default counts then, and the wallet makes the folder. */
async function requireOwnFolder(path: string): Promise<void> {
  const folder = dirname(resolve(path));
  const found = await stat(folder).catch(() => undefined);
  if (found === undefined || process.platform === 'win32' || (found.mode & othersMayWrite) === 0) return;
  const message = `can be replaced by others, who may write its folder, so nothing is paid; run: chmod go-w ${folder}, or keep it in a folder of its own`;
  throw failure(path, message);
}

async function readPrivately(path: string): Promise<string | undefined> {
  const failed = (message: string, cause?: unknown) => failure(path, message, cause);
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(path, 'r');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw failed('cannot be read, so nothing is paid; check who may read it.', cause);
  }
  try {
    // Of the open file, not of the name: nothing can be put in its place in between.
    const { mode, size } = await file.stat();
    if (process.platform !== 'win32' && (mode & othersMayWrite) !== 0)
      throw failed(`can be written by others, so nothing is paid; run: chmod go-w ${path}`);
    if (size > policyBytesMax) throw failed(`is larger than ${policyBytesMax} bytes.`);
    return await file.readFile('utf8');
  } catch (cause) {
    throw cause instanceof PolicyError ? cause : failed('cannot be read, so nothing is paid.', cause);
  } finally {
    await file.close();
  }
}
