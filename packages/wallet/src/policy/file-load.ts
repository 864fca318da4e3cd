import { open, realpath, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { defaultPolicyText } from './file-default.js';
import { PolicyError } from './file-issues.js';
import { parsePolicy, policyBytesMax } from './file-parse.js';
import type { Money } from './money.js';
import { othersRight } from './others.js';
import type { Policy } from './policy.js';

/** A policy that was loaded. */
export interface LoadedPolicy {
  readonly policy: Policy;
  /** The text of the file, or of the default. */
  readonly text: string;
  /** False: there is no file, and the default counts. */
  readonly exists: boolean;
}

/**
 * Reads the policy of a wallet. Where there is no file, the default counts: never no limit.
 *
 * @throws PolicyError when it cannot be read, is not valid, or when it or its folder can be written by others, or is theirs. Then nothing is paid.
 * @example
 * ```ts
 * import { loadPolicy, satoshis } from '@farebox/wallet/policy';
 * const { policy } = await loadPolicy('/var/lib/agent/policy.yaml', satoshis);
 * ```
 */
export async function loadPolicy(path: string, money: Money): Promise<LoadedPolicy> {
  await requireOwnFolders(path);
  const text = await readPrivately(path);
  if (text !== undefined) return { policy: parsePolicy(text, path, money).policy, text, exists: true };
  const standard = defaultPolicyText(money);
  const source = `${path}, which does not exist: the default counts`;
  return { policy: parsePolicy(standard, source, money).policy, text: standard, exists: false };
}

function failure(path: string, message: string, cause?: unknown): PolicyError {
  return new PolicyError(path, [{ key: '', message, line: 1, column: 1 }], { cause });
}

/**
 * The file need not be there, and its folder neither: the default counts then, and the wallet makes the folder. Where it is
 * a link, others must be able to replace neither the link nor what it leads to.
 */
async function requireOwnFolders(path: string): Promise<void> {
  const real = await realpath(path).catch(() => undefined);
  for (const file of real === undefined ? [path] : [path, real]) {
    const folder = dirname(resolve(file));
    const found = await stat(folder).catch(() => undefined);
    const right = found && othersRight(found, process.getuid?.());
    if (right === undefined) continue;
    const [who, mend] =
      right === 'own'
        ? [`somebody else, whose folder ${folder} is`, 'keep it in a folder of your own']
        : [
            'others, who may write its folder',
            `run: chmod go-w ${folder}, or keep it in a folder of its own`,
          ];
    throw failure(path, `can be replaced by ${who}, so nothing is paid; ${mend}`);
  }
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
    const found = await file.stat();
    const right = othersRight(found, process.getuid?.());
    if (right === 'own')
      throw failed('belongs to somebody else, so nothing is paid; put a file of your own in its place.');
    if (right === 'may-write')
      throw failed(`can be written by others, so nothing is paid; run: chmod go-w ${path}`);
    if (found.size > policyBytesMax) throw failed(`is larger than ${policyBytesMax} bytes.`);
    return await file.readFile('utf8');
  } catch (cause) {
    throw cause instanceof PolicyError ? cause : failed('cannot be read, so nothing is paid.', cause);
  } finally {
    await file.close();
  }
}
