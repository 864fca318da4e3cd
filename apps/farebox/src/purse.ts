import type { Journal, Wallet } from '@farebox/wallet';
import { usageError } from './cli-error.js';
import type { Home } from './home.js';
import { buildPayer, nodeKinds } from './payer.js';

/** A wallet that is ready to use. */
export interface Purse {
  readonly wallet: Wallet;
  readonly journal: Journal;
  close(): Promise<void>;
}

/** How to open it. */
export interface PurseOptions {
  readonly home: Home;
  /** Node kind, as given on the command line. */
  readonly node: string;
  readonly paying: boolean;
}

/** Opens the journal and connects the node. */
export async function openPurse(options: PurseOptions): Promise<Purse> {
  const kind = nodeKinds.find((known) => known === options.node);
  if (kind === undefined)
    throw usageError(
      `There is no node kind ${JSON.stringify(options.node)}; known: ${nodeKinds.join(', ')}.`,
    );
  const { createWallet, openJournal } = await import('@farebox/wallet');
  const payer = await buildPayer({ kind, home: options.home, paying: options.paying });
  try {
    const journal = openJournal({ path: options.home.journal });
    const wallet = createWallet({ methods: payer.methods, journal });
    const close = async () => {
      journal.close();
      await payer.close();
    };
    return { wallet, journal, close };
  } catch (error) {
    await payer.close();
    throw error;
  }
}
