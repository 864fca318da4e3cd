import type { Wallet } from '@farebox/wallet';
import { findHome } from '../home.js';
import { policyOf } from '../policy/load.js';
import { openPayer } from '../purse.js';
import { showAmount } from '../tempo/tokens.js';
import type { NodeOptions } from './pay-options.js';

/** A wallet that only asks, and whose answers somebody else looks at too. */
export interface AskingWallet {
  readonly wallet: Wallet;
  close(): Promise<void>;
}

/** Opens one, under the policy that a paying wallet would be under. */
export async function openAskingWallet(
  options: NodeOptions,
  method: string | undefined,
  fetch: typeof globalThis.fetch,
): Promise<AskingWallet> {
  const home = findHome();
  const { createWallet } = await import('@farebox/wallet');
  const { openJournal } = await import('@farebox/wallet/journal-sqlite');
  const { node } = options;
  const payer = await openPayer({ home, node, account: options, tempo: options, paying: false, method });
  try {
    const { tokens } = payer.tempo;
    const policy = await policyOf(home, tokens);
    const journal = openJournal({ path: home.journal });
    const wallet = createWallet({
      methods: payer.methods,
      journal,
      policy,
      fetch,
      showAmount: (amount) => showAmount(amount, tokens),
    });
    const close = async () => {
      journal.close();
      await payer.close();
    };
    return { wallet, close };
  } catch (error) {
    await payer.close();
    throw error;
  }
}
