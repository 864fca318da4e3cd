import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Policy } from '@farebox/wallet';
import type { LoadedPolicy, Money } from '@farebox/wallet/policy';
import { parseAmountOption } from '../amount-option.js';
import { CliError } from '../cli-error.js';
import { exitCodes } from '../exit-codes.js';
import type { Home } from '../home.js';
import type { Token } from '../tempo/tokens.js';

/** Where the policy of the wallet is. */
export function policyPath({ directory }: Home): string {
  return join(directory, 'policy.yaml');
}

/** Amounts of a policy as the command line writes them: satoshis, and the tokens that are known. */
export function policyMoney(tokens: readonly Token[]): Money {
  return {
    tokens: tokens.map(({ name }) => name),
    parse(text) {
      try {
        return parseAmountOption(text, tokens);
      } catch {
        return undefined;
      }
    },
  };
}

/**
 * Loads the policy. Throws {@link CliError} `policy_invalid`, exit 5, where it cannot be used: then nothing is paid.
 */
export async function openPolicy(home: Home, tokens: readonly Token[]): Promise<LoadedPolicy> {
  const { loadPolicy } = await import('@farebox/wallet/policy');
  return refusing(() => loadPolicy(policyPath(home), policyMoney(tokens)));
}

/** The policy alone. Where there is no file, nothing is loaded that reads one. Throws as {@link openPolicy} does. */
export async function policyOf(home: Home, tokens: readonly Token[]): Promise<Policy> {
  const path = policyPath(home);
  const { othersRight, standardPolicy } = await import('@farebox/wallet');
  const folder = statSync(home.directory, { throwIfNoEntry: false });
  // Where others may change the folder, loading says so and what to do.
  const unsafe = folder !== undefined && othersRight(folder, process.getuid?.()) !== undefined;
  if (existsSync(path) || unsafe) return (await openPolicy(home, tokens)).policy;
  return standardPolicy(`${path}, which does not exist: the default counts`, policyMoney(tokens));
}

/** Runs what may find that the policy cannot be used, and says so with the exit code of a refusal. */
export async function refusing<T>(work: () => T | Promise<T>): Promise<T> {
  const { PolicyError } = await import('@farebox/wallet/policy');
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof PolicyError)) throw cause;
    throw new CliError('policy_invalid', cause.message, {
      cause,
      exitCode: exitCodes.policy,
      retry: 'never',
    });
  }
}
