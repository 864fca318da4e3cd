/** CPU time of a process, all threads, microseconds since it started. */
export interface CpuTime {
  readonly userUs: number;
  readonly systemUs: number;
}

/** What a server under test is given. */
export interface ServerOptions {
  /** Port of the upstream on loopback. */
  readonly upstreamPort: number;
  /** An empty folder for what it keeps. */
  readonly directory: string;
}

/** What the ledger holds in the end. */
export interface LedgerTally {
  /** Claims in any state. */
  readonly claims: number;
  /** Deliveries. */
  readonly delivered: number;
  /** Of these: marked as answered. */
  readonly answered: number;
  /** Transactions that were synced to disk. */
  readonly commits: number;
  /** Operations in them: two for each delivery, since that its answer has left is recorded too. */
  readonly operations: number;
}

/** Commands of every server under test. */
export type ServerCommands = {
  listen: { args: ServerOptions; reply: { port: number } };
  cpu: { args: undefined; reply: CpuTime };
  /** Closes it; the tally is undefined where there is no durable ledger. */
  close: { args: undefined; reply: LedgerTally | undefined };
};

/** Commands of the upstream. */
export type UpstreamCommands = {
  listen: { args: undefined; reply: { port: number } };
  /** Requests answered since the last time this was asked. */
  hits: { args: undefined; reply: number };
  cpu: { args: undefined; reply: CpuTime };
};

/**
 * What a load run sends.
 *
 * plain    the priced request without a credential
 * once     the priced request, each time with another credential of the set
 * ignored  the free request with credentials of the set, over and over: the same bytes for servers that ignore them
 */
export type Cargo = { readonly kind: 'plain' } | { readonly kind: 'once' | 'ignored'; readonly set: string };

/** One load run. */
export interface LoadRun {
  readonly port: number;
  readonly connections: number;
  readonly cargo: Cargo;
  /** Every response must have this status. */
  readonly status: number;
  /** Ends after this time … */
  readonly milliseconds: number;
  /** … or after so many requests, whichever is first. */
  readonly requestsMax: number;
}

/** What a load run saw. Every request of the run has been answered. */
export interface LoadResult {
  readonly requests: number;
  readonly milliseconds: number;
  /** Responses with a Payment-Receipt. */
  readonly receipts: number;
  /** Status → how many, for those that were not expected. */
  readonly unexpected: Readonly<Record<string, number>>;
}

/** Commands of the load generator. */
export type LoadCommands = {
  /** Asks a server for its 402 and mints `count` credentials in its image. */
  mint: {
    args: { set: string; port: number; secret: string; count: number };
    reply: { count: number; credentialBytes: number; challengeBytes: number };
  };
  /** Starts a set from its first credential: for a server that has not seen any. */
  rewind: { args: { set: string }; reply: undefined };
  run: { args: LoadRun; reply: LoadResult };
  cpu: { args: undefined; reply: CpuTime };
};
