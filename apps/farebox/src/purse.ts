import type { Amount } from '@farebox/protocol';
import type { Journal, PaymentLimits, Wallet } from '@farebox/wallet';
import { usageError } from './cli-error.js';
import type { Home } from './home.js';
import { buildPayer, nodeKinds } from './payer.js';
import { readTempoSettings, type TempoOptions } from './tempo/settings.js';
import { showAmount, type Token } from './tempo/tokens.js';

/** Most that is paid at once in a token when nothing else is said, base units: 0.10 of it. */
const tokenMaxDefault = 100_000n;
/** Most that is paid in fees on top, base units: 0.01 of it. A payment to a new holder of the token costs 0.007. */
const tokenMaxFeeDefault = 10_000n;

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
  readonly tempo: TempoOptions;
  readonly paying: boolean;
  /** Only this payment method. */
  readonly method?: string | undefined;
}

/** Opens the journal and connects what pays. */
export async function openPurse(options: PurseOptions): Promise<Purse> {
  const { home, paying, method } = options;
  const kind = nodeKinds.find((known) => known === options.node);
  if (kind === undefined)
    throw usageError(
      `There is no node kind ${JSON.stringify(options.node)}; known: ${nodeKinds.join(', ')}.`,
    );
  const tempo = await readTempoSettings(options.tempo, home);
  const { createWallet, defaultLimits, openJournal } = await import('@farebox/wallet');
  const payer = await buildPayer({ kind, home, tempo, paying, method });
  try {
    const journal = openJournal({ path: home.journal });
    const { tokens } = tempo;
    const wallet = createWallet({
      methods: payer.methods,
      journal,
      limits: withTokens(defaultLimits, tokens),
      showAmount: (amount: Amount) => showAmount(amount, tokens),
    });
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

function withTokens(limits: PaymentLimits, tokens: readonly Token[]): PaymentLimits {
  const each = (amount: bigint) => tokens.map(({ address }) => ({ amount, currency: address }));
  return {
    max: [limits.max, each(tokenMaxDefault)].flat(),
    maxFee: [limits.maxFee, each(tokenMaxFeeDefault)].flat(),
  };
}
