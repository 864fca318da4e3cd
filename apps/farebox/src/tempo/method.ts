import type { PayOutcome } from '@farebox/protocol';
import type { LazyMethod, MethodSource, MissingMethod, WalletMethod } from '@farebox/wallet';
import { CliError } from '../cli-error.js';
import type { Home } from '../home.js';
import { accountOf, type ChainAccess, noKeyAdvice, noNodeAdvice, openChain } from './account.js';
import type { TempoKey } from './key-file.js';
import type { TempoKeyPlace } from './key-place.js';
import type { TempoSettings } from './settings.js';

const name = { method: 'tempo', intent: 'charge' } as const;

/** The `tempo` method of a wallet, and how to let go of it. */
export interface TempoSource {
  readonly source: MethodSource;
  close(): void;
}

/** How to build it. */
export interface TempoSourceOptions {
  readonly home: Home;
  readonly settings: TempoSettings;
  readonly key: TempoKeyPlace;
  /** A preview reads challenges: it needs neither key nor node. */
  readonly paying: boolean;
}

/**
 * Builds the `tempo` method. Its library is large, so that it is loaded when a seller asks for Tempo and not before. What
 * is missing to pay with it is said when a seller asks.
 */
export async function tempoSource(options: TempoSourceOptions): Promise<TempoSource> {
  const { home, settings, paying } = options;
  const key = await tolerantly(() => options.key.read());
  if (paying) {
    if (key === undefined) return none(noKeyAdvice);
    if ('missing' in key) return none(key.missing);
    if (settings.rpcUrl === undefined) return none(noNodeAdvice);
  }
  const known = key && !('missing' in key) ? key : undefined;
  let access: ChainAccess | undefined;
  const lazy: LazyMethod = {
    ...name,
    async load() {
      const lacking = lackingFor(key, settings);
      if (known === undefined || lacking !== undefined) return inspectingMethod(settings, lacking);
      access = await openChain(settings);
      const method = await tolerantly(() => buyingMethod(home, settings, known, access?.chain));
      return method === undefined || 'missing' in method ? (method ?? missing(noNodeAdvice)) : method;
    },
  };
  return { source: lazy, close: () => access?.close() };
}

/** What a payment would fail for, as far as that can be told without asking anybody. */
function lackingFor(key: TempoKey | MissingMethod | undefined, settings: TempoSettings): string | undefined {
  if (key === undefined) return sentenceOf(noKeyAdvice);
  if ('missing' in key) return key.missing;
  return settings.rpcUrl === undefined ? sentenceOf(noNodeAdvice) : undefined;
}

function missing(sentence: string): MissingMethod {
  return { ...name, missing: sentenceOf(sentence) };
}

function sentenceOf(text: string): string {
  return text.endsWith('.') ? text : `${text}.`;
}

function none(sentence: string): TempoSource {
  return { source: missing(sentence), close: () => undefined };
}

/** What the command itself refuses, with a sentence for people, is no reason to give up the other methods. */
async function tolerantly<T>(work: () => Promise<T>): Promise<T | MissingMethod> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CliError) return missing(error.message);
    throw error;
  }
}

async function buyingMethod(
  home: Home,
  { chainId, tokens }: TempoSettings,
  key: TempoKey,
  chain: ChainAccess['chain'] | undefined,
): Promise<WalletMethod | undefined> {
  if (chain === undefined) return undefined;
  const { fileLease, tempoBuyer } = await import('@farebox/tempo');
  return tempoBuyer({
    account: await accountOf(key),
    chain,
    chainId,
    currencies: tokens.map(({ address }) => address),
    lease: fileLease({ folder: home.tempoLeases }),
  });
}

/** Says what a challenge would cost, and what is lacking to pay it, and does nothing else. */
async function inspectingMethod(
  { chainId, tokens }: TempoSettings,
  lacking: string | undefined,
): Promise<WalletMethod> {
  const { tempoInspector } = await import('@farebox/tempo');
  const refuse = async (): Promise<PayOutcome> => ({
    kind: 'unknown',
    detail: 'a preview neither pays nor asks',
  });
  return {
    ...name,
    settlesOnPresentation: true,
    ...(lacking !== undefined && { lacking }),
    inspect: tempoInspector({ chainId, currencies: tokens.map(({ address }) => address) }),
    pay: refuse,
    resume: refuse,
  };
}
