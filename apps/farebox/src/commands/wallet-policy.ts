import type { Command } from 'commander';
import { registerPolicySet } from './wallet-policy-set.js';
import { registerPolicyShow } from './wallet-policy-show.js';
import { registerPolicyTest } from './wallet-policy-test.js';

/** Adds `farebox wallet policy` and its commands. */
export function registerWalletPolicy(wallet: Command): void {
  const policy = wallet
    .command('policy')
    .description('what the wallet may spend, over all processes')
    .addHelpText(
      'after',
      `
The policy is one file, $FAREBOX_HOME/policy.yaml. Without it a small default counts: 100 sat a payment, 10 sat in
fees, 1,000 sat within 24 hours. Options such as --max can only allow less. What it refuses ends with exit code 5, and
the message names the rule and the file.

Examples:
  farebox wallet policy show
  farebox wallet policy set limits.day "2000 sat"
  farebox wallet policy test https://api.example.com/v1/price 5sat`,
    );
  registerPolicyShow(policy);
  registerPolicySet(policy);
  registerPolicyTest(policy);
}
