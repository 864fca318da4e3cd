/** What a year costs. Both are the same price in two moneys; no rate is applied between them. */
export interface YearPrice {
  /** Millionths of a dollar: base units of a token with six decimals. */
  readonly usdMicros: bigint;
  /** Satoshis; undefined: not sold over Lightning. */
  readonly sats: bigint | undefined;
}

/** A time in a namespace's life with rules of its own. */
export interface LaunchPhase {
  readonly name: string;
  /** Until when, milliseconds since the epoch; undefined: it is the last. */
  readonly untilMs: number | undefined;
  /** Registrations cost so many times the price. */
  readonly multiplier: bigint;
  /** False: nothing is registered yet. */
  readonly open: boolean;
}

/** One namespace that names are sold in. */
export interface Namespace {
  /** ASCII in lower case. */
  readonly name: string;
  readonly agentPrice: YearPrice;
  /** What a year is said to cost people; for display: whoever runs the registrar sells to them. */
  readonly humanPrice: YearPrice;
  readonly renewalPrice: YearPrice;
  /** Label → why it is not sold. */
  readonly reserved: ReadonlyMap<string, string>;
  /** Label → what a year of it costs. */
  readonly premium: ReadonlyMap<string, YearPrice>;
  /** In the order of time; at least one. */
  readonly phases: readonly LaunchPhase[];
  /** Absolute names with a dot at the end. */
  readonly nameServers: readonly string[];
  /** Mailbox of the SOA record, as a name. */
  readonly contact: string;
}

/** A word that makes names cheaper. */
export interface Coupon {
  /** Upper case. */
  readonly code: string;
  /** 1 to 100. */
  readonly percent: bigint;
  /** How many orders it is good for, all together; undefined: any number. */
  readonly usesMax: number | undefined;
  /** Undefined: all of them. */
  readonly namespaces: ReadonlySet<string> | undefined;
  readonly untilMs: number | undefined;
}

/** The phase that a namespace is in. */
export function phaseAt(namespace: Namespace, nowMs: number): LaunchPhase {
  const found = namespace.phases.find(({ untilMs }) => untilMs === undefined || nowMs < untilMs);
  return found ?? { name: 'general', untilMs: undefined, multiplier: 1n, open: true };
}
