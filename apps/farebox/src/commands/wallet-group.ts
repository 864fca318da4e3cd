import type { Command } from 'commander';
import { registerWalletAccounts } from './wallet-accounts.js';
import { registerWalletBackup } from './wallet-backup.js';
import { registerWalletBalance } from './wallet-balance.js';
import { registerWalletCreate } from './wallet-create.js';
import { registerWalletLock } from './wallet-lock.js';
import { registerWalletNode } from './wallet-node.js';
import { registerWalletPassphrase } from './wallet-passphrase.js';
import { registerWalletPolicy } from './wallet-policy.js';
import { registerWalletRestore } from './wallet-restore.js';
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
The keys and node credentials that pay are in one encrypted file, the vault. Its passphrase comes with each command: in
FAREBOX_PASSPHRASE, with --passphrase-fd or --passphrase-file, or from a prompt. Without a vault, the devnet's node pays.

Examples:
  farebox wallet create            the vault, with a Tempo key in it
  farebox wallet node set lnd --macaroon-file pay.macaroon --tls-cert-file tls.cert
  farebox wallet balance           what it can pay with`,
    );
  registerWalletCreate(wallet);
  registerWalletRestore(wallet);
  registerWalletAccounts(wallet);
  registerWalletNode(wallet);
  registerWalletBalance(wallet);
  registerWalletBackup(wallet);
  registerWalletPassphrase(wallet);
  registerWalletLock(wallet);
  registerWalletPolicy(wallet);
  const tempo = wallet
    .command('tempo')
    .description('the Tempo key: a wallet of its own, or an access key of another account')
    .addHelpText(
      'after',
      `
The key is in the vault, one for each account; without a vault, in $FAREBOX_HOME/tempo-key.json. A wallet of its own pays with what it
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
