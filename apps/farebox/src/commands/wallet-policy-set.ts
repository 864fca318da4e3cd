import type { Money, PolicyChange } from '@farebox/wallet/policy';
import type { Command } from 'commander';
import { usageError } from '../cli-error.js';
import { findHome } from '../home.js';
import { createOutput } from '../output.js';
import { openPolicy, policyMoney, policyPath } from '../policy/load.js';
import { remarksOn, viewPolicy } from '../policy/views.js';
import { readTokens } from '../tempo/tokens.js';
import { inVault } from '../vault/in-vault.js';

interface Options {
  readonly remove?: boolean;
  readonly json?: boolean;
}

/** Adds `farebox wallet policy set`. */
export function registerPolicySet(policy: Command): void {
  policy
    .command('set')
    .description('change one value; comments and everything else stay')
    .argument('<key>', 'such as limits.day, hosts[api.example.com].payment, deny.origins')
    .argument('[value...]', 'amounts replace those of the same currency, places and people are added')
    .option('--remove', 'take these values away, or the whole key when there are none')
    .option('--json', 'one JSON object on stdout, errors as one on stderr')
    .addHelpText(
      'after',
      `
Examples:
  farebox wallet policy set limits.day "2000 sat" "2 pathUSD"
  farebox wallet policy set 'hosts[api.example.com].day' 50sat
  farebox wallet policy set allow.origins https://api.example.com 'https://*.example.org'
  farebox wallet policy set approval.above 50sat        (first: approval.by)
  farebox wallet policy set limits.hour --remove`,
    )
    .action(run);
}

async function run(key: string, values: readonly string[], options: Options): Promise<void> {
  const output = createOutput({ json: options.json });
  const home = findHome();
  const path = policyPath(home);
  const tokens = readTokens();
  // Looked at before the lock is made: nothing is left in a folder where the policy cannot be used.
  await openPolicy(home, tokens);
  const { withPolicyLock, writePolicy } = await import('@farebox/wallet/policy');
  const { changed, exists } = await inVault(() =>
    withPolicyLock(path, async () => {
      const { text, exists } = await openPolicy(home, tokens);
      const changed = await change(text, path, policyMoney(tokens), { key, values, remove: options.remove });
      await writePolicy(path, changed.text);
      return { changed, exists };
    }),
  );
  const remarks = await remarksOn(changed.policy);
  if (output.json) {
    output.object({ ok: true, path, created: !exists, key, policy: viewPolicy(changed.policy), remarks });
    return;
  }
  output.text(`${options.remove ? 'Removed' : 'Set'} ${key} in ${path}${exists ? '' : ' (new)'}.`);
  for (const remark of remarks) output.text(output.color.yellow(remark));
}

/** Changes the text; what cannot be done is the command line's fault, and said so. */
async function change(text: string, path: string, money: Money, wanted: PolicyChange) {
  const { changePolicy, PolicyChangeError, PolicyError } = await import('@farebox/wallet/policy');
  try {
    return changePolicy(text, path, money, wanted);
  } catch (error) {
    if (error instanceof PolicyChangeError) throw usageError(error.message);
    if (error instanceof PolicyError)
      throw usageError(`That would be no policy any more, so nothing was changed. ${error.message}`);
    throw error;
  }
}
