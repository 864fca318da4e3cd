import type { Command } from 'commander';
import { registerTempoAccept } from './wallet-tempo-accept.js';
import { registerTempoAddress, registerTempoBalance } from './wallet-tempo-account.js';
import { registerTempoAuthorize } from './wallet-tempo-authorize.js';
import { registerTempoCreate } from './wallet-tempo-create.js';
import { registerTempoFund } from './wallet-tempo-fund.js';
import { registerTempoKeys } from './wallet-tempo-keys.js';
import { registerTempoRevoke } from './wallet-tempo-revoke.js';

/** Adds `farebox wallet` and its commands. */
export function registerWallet(program: Command): void {
  const wallet = program
    .command('wallet')
    .description('the keys that pay')
    .addHelpText(
      'after',
      `
Examples:
  farebox wallet tempo create      a key of its own, to pay in stablecoins on Tempo
  farebox wallet tempo balance     what it has`,
    );
  const tempo = wallet
    .command('tempo')
    .description('the Tempo key: a wallet of its own, or an access key of another account')
    .addHelpText(
      'after',
      `
One key is kept in $FAREBOX_HOME/tempo-key.json, for its owner's eyes only. A wallet of its own pays with what it
has. An access key pays with what another account has, as far as that account's root key allows it on the chain.
The node is named with --tempo-rpc or FAREBOX_TEMPO_RPC; while farebox devnet --tempo runs, it is found.

Examples:
  farebox wallet tempo create
  farebox wallet tempo create --root-account 0x…                    an agent's key, for an account of yours
  farebox wallet tempo authorize 0x… --limit 5pathUSD --yes         said by that account's own wallet
  farebox wallet tempo keys`,
    );
  registerTempoCreate(tempo);
  registerTempoAddress(tempo);
  registerTempoBalance(tempo);
  registerTempoAuthorize(tempo);
  registerTempoAccept(tempo);
  registerTempoRevoke(tempo);
  registerTempoKeys(tempo);
  registerTempoFund(tempo);
}
