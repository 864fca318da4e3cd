import type { Amount, BuyerMethod, Challenge } from '@farebox/protocol';

/** A payment method, as a wallet uses it. */
export interface WalletMethod extends BuyerMethod {
  /**
   * What can be spent in a currency now; undefined when that cannot be said. Asked only where a seller leaves a choice,
   * so that a method which cannot pay is passed over. May reject: then nothing is known.
   */
  balance?(currency: string): Promise<Amount | undefined>;
  /**
   * What must be done before this method can pay: a sentence. Such a method is there for previews: it says what a challenge
   * would cost, and nothing is ever paid with it.
   */
  readonly lacking?: string;
}

/** A method that this wallet could pay with if something were done first: a sentence that says what. */
export interface MissingMethod {
  readonly method: string;
  readonly intent: string;
  readonly missing: string;
}

/** A method whose code is loaded when a challenge asks for it, and not before. */
export interface LazyMethod {
  readonly method: string;
  readonly intent: string;
  load(): Promise<WalletMethod | MissingMethod>;
}

/** How a wallet is given a method. */
export type MethodSource = WalletMethod | LazyMethod | MissingMethod;

/** A payment method by its name alone. */
export interface MethodName {
  readonly method: string;
  readonly intent: string;
}

/** `lightning/charge`. */
export function methodName({ method, intent }: MethodName): string {
  return `${method}/${intent}`;
}

/** The methods of one wallet, in its order of preference. */
export interface MethodBook {
  /** Those that it can pay with, for `Accept-Payment`. */
  readonly accepted: readonly MethodName[];
  /** Position of a method in the order of preference; those that are not known come last. */
  rank(name: MethodName): number;
  /** The method of a challenge, loaded if need be. Never rejects. */
  find(challenge: Challenge): Promise<WalletMethod | MissingMethod | undefined>;
  /** The method of a challenge, where it was given whole or has been loaded. */
  loaded(challenge: Challenge): WalletMethod | undefined;
}

/** Keeps methods, and loads each at most once. */
export function createMethodBook(sources: readonly MethodSource[]): MethodBook {
  const loads = new Map<MethodSource, Promise<WalletMethod | MissingMethod>>();
  const ready = new Map<MethodSource, WalletMethod>();
  const position = (name: MethodName) =>
    sources.findIndex(({ method, intent }) => method === name.method && intent === name.intent);

  function load(source: LazyMethod): Promise<WalletMethod | MissingMethod> {
    const known = loads.get(source);
    if (known) return known;
    const loading = source.load().then(
      (method) => {
        if (!('missing' in method)) ready.set(source, method);
        return method;
      },
      // What a loader throws was not written for people, and could say anything.
      () => ({ ...source, missing: `The method ${methodName(source)} could not be loaded.` }),
    );
    loads.set(source, loading);
    return loading;
  }

  return {
    accepted: sources
      .filter((source) => !('missing' in source))
      .map(({ method, intent }) => ({ method, intent })),
    rank(name) {
      const at = position(name);
      return at < 0 ? sources.length : at;
    },
    async find(challenge) {
      const source = sources[position(challenge)];
      return source !== undefined && 'load' in source ? load(source) : source;
    },
    loaded(challenge) {
      const source = sources[position(challenge)];
      if (source === undefined || 'missing' in source) return undefined;
      return 'load' in source ? ready.get(source) : source;
    },
  };
}
