import type { Amount } from '@farebox/protocol';
import type { Journal, Wallet } from '@farebox/wallet';
import { usageError } from './cli-error.js';
import type { Home } from './home.js';
import { buildPayer, type Payer } from './payer.js';
import { createApprover } from './policy/approve.js';
import { policyOf } from './policy/load.js';
import { tempoKeyPlace } from './tempo/key-place.js';
import { readTempoSettings, type TempoOptions, type TempoSettings } from './tempo/settings.js';
import { showAmount } from './tempo/tokens.js';
import { openAccount } from './vault/open-account.js';
import type { VaultOptions } from './vault/options.js';

/** A wallet that is ready to use. */
export interface Purse {
  readonly wallet: Wallet;
  readonly journal: Journal;
  /** The vault was not opened: whether its account can pay what is previewed is not known. */
  readonly locked: boolean;
  close(): Promise<void>;
}

/** How to open it. */
export interface PurseOptions {
  readonly home: Home;
  /** `devnet`: the devnet pays, whatever node the account has. As given on the command line. */
  readonly node: string | undefined;
  /** Whose money it is, and what opens the vault: the options of the command, whole. */
  readonly account: VaultOptions;
  readonly tempo: TempoOptions;
  readonly paying: boolean;
  /** True where nothing new is paid, only finished: a policy that is broken must not keep what has been paid for. */
  readonly resuming?: boolean;
  /** Only this payment method. */
  readonly method?: string | undefined;
}

/** What pays, without a journal. */
export interface OpenedPayer extends Payer {
  readonly tempo: TempoSettings;
  /** As in {@link Purse}. */
  readonly locked: boolean;
}

/**
 * Opens the account and connects what pays. Throws {@link CliError} where the vault cannot be opened, and what
 * {@link buildPayer} throws.
 */
export async function openPayer(options: PurseOptions): Promise<OpenedPayer> {
  const { home, paying, resuming, method, node } = options;
  if (node !== undefined && node !== 'devnet') {
    throw usageError(
      'Only `--node devnet` can be said here; put another node into the vault with: farebox wallet node set',
    );
  }
  const access = await openAccount(home, options.account, { needed: paying });
  const tempo = await readTempoSettings(options.tempo, home);
  const tempoKey = tempoKeyPlace(home, access, options.account);
  const payer = await buildPayer({
    home,
    access,
    devnet: node === 'devnet',
    tempo,
    tempoKey,
    paying,
    resuming,
    method,
  });
  return { ...payer, tempo, locked: access.kind === 'locked' };
}

/** A wallet that only finishes what was begun has no currency that it may pay in. */
const payingNothing = { limits: { max: [], maxFee: [] } };

/** Opens the journal and connects what pays. Throws as {@link openPayer} does. */
export async function openPurse(options: PurseOptions): Promise<Purse> {
  const { createWallet } = await import('@farebox/wallet');
  const { openJournal } = await import('@farebox/wallet/journal-sqlite');
  const payer = await openPayer(options);
  try {
    const { tokens } = payer.tempo;
    const policy = options.resuming ? undefined : await policyOf(options.home, tokens);
    const journal = openJournal({ path: options.home.journal });
    if (options.paying && policy) journal.prune(policy.retention, Date.now());
    const wallet = createWallet({
      methods: payer.methods,
      journal,
      ...(policy === undefined ? payingNothing : { policy }),
      approve: createApprover(),
      showAmount: (amount: Amount) => showAmount(amount, tokens),
    });
    const close = async () => {
      journal.close();
      await payer.close();
    };
    return { wallet, journal, locked: payer.locked, close };
  } catch (error) {
    await payer.close();
    throw error;
  }
}
