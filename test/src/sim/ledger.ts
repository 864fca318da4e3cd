import {
  type Claim,
  type ClaimRequest,
  type ClaimResult,
  type ClaimTotal,
  type Ledger,
  LedgerUnavailable,
} from '@farebox/ledger';
import { type AnyVerb, claimOf, type Store } from './store.js';

/**
 * What goes wrong at one operation of the ledger. Operations of one batch share its fate.
 *
 * fails           rejected, nothing on disk
 * ack-lost        on disk, and rejected all the same
 * slow            the disk hangs longer than the gate waits for a claim; then it is on disk and answered
 * late            the disk hangs longer than the ledger has patience: rejected; later it is on disk all the same
 * late-fails      the disk hangs as long, and then nothing is on disk
 * crash-asked     the process dies as it asks
 * crash-unsynced  the process dies before the batch is on disk
 * crash-synced    the process dies after it is on disk, before anyone is told
 */
export const faultKinds = [
  'fails',
  'ack-lost',
  'slow',
  'late',
  'late-fails',
  'crash-asked',
  'crash-unsynced',
  'crash-synced',
] as const;
export type FaultKind = (typeof faultKinds)[number];

/** Longer than the gate waits for a claim (`claimTimeoutMsDefault`), shorter than a ledger's patience. */
export const diskSlowMs = 7_000;
/** How long the SQLite ledger waits for its disk before it refuses (`patienceMsDefault`). */
export const patienceMs = 10_000;
/** Longer than a ledger's patience. */
export const diskHangMs = 15_000;

/** One operation, as the checks see it. */
export interface Operation {
  /** From 1, over all processes of a world. */
  readonly number: number;
  readonly verb: AnyVerb;
  readonly challengeId: string;
}

/** What a ledger needs of its process and of the world. */
export interface LedgerHost {
  readonly store: Store;
  readonly alive: () => boolean;
  readonly nextOperation: () => number;
  readonly faultOf: (operation: Operation) => FaultKind | undefined;
  readonly later: (name: string, run: () => void) => void;
  /** Returns what calls it off. */
  readonly after: (delayMs: number, run: () => void) => () => void;
  readonly crash: () => void;
  readonly asked: (operation: Operation) => void;
  /** The promise resolves now; `granted` says whether with a yes. */
  readonly told: (operation: Operation, granted: boolean) => void;
  readonly refused: (operation: Operation) => void;
}

interface Queued extends Operation {
  /** Makes the change, and returns what tells the caller. */
  readonly apply: () => () => void;
  readonly refuse: (error: Error) => void;
}

/**
 * One process's handle of the store: group commit, as the SQLite ledger does it. What is asked while a commit is under
 * way shares the next. A batch reaches the disk in one happening and its callers are told in another, so that a crash
 * may fall between. `answered` is an operation like any other that nobody waits for: a crash may lose it.
 */
export class SimLedger implements Ledger {
  readonly #host: LedgerHost;
  #gathering: Queued[] = [];
  #underWay: readonly Queued[] | undefined;
  #patience: () => void = () => {};
  /** The disk has not answered for {@link patienceMs}: until it does, everything is refused. */
  #stalled = false;

  constructor(host: LedgerHost) {
    this.#host = host;
  }

  claim(request: ClaimRequest): Promise<ClaimResult> {
    return this.#enter('claim', request);
  }

  deliver(request: ClaimRequest): Promise<ClaimResult> {
    return this.#enter('deliver', request);
  }

  release(request: ClaimRequest): Promise<ClaimResult> {
    return this.#enter('release', request);
  }

  async settle(seq: number, nowMs: number): Promise<void> {
    const settle = () => this.#host.store.advance('settle', seq, nowMs);
    await this.#ask('settle', this.#challengeOf(seq), settle, (done) => done);
  }

  answered(seq: number, nowMs: number): Promise<void> {
    const mark = () => this.#host.store.advance('answered', seq, nowMs);
    const done = this.#ask('answered', this.#challengeOf(seq), mark, (marked) => marked).then(() => {});
    done.catch(() => {});
    return done;
  }

  redeliver(seq: number, redeliveriesMax: number, nowMs: number): Promise<boolean> {
    const again = () => this.#host.store.advance('redeliver', seq, nowMs, redeliveriesMax);
    return this.#ask('redeliver', this.#challengeOf(seq), again, (allowed) => allowed);
  }

  find(challengeId: string): Promise<Claim | undefined> {
    const look = (): Claim | undefined => {
      const row = this.#host.store.ofChallenge(challengeId);
      return row === undefined ? undefined : claimOf(row);
    };
    return this.#ask('find', challengeId, look, (found) => found !== undefined);
  }

  totals(): Promise<readonly ClaimTotal[]> {
    return this.#ask(
      'totals',
      '',
      () => this.#host.store.totals(),
      () => true,
    );
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #challengeOf(seq: number): string {
    return this.#host.store.rows[seq - 1]?.request.challengeId ?? '';
  }

  #enter(verb: 'claim' | 'deliver' | 'release', request: ClaimRequest): Promise<ClaimResult> {
    const change = () => this.#host.store.enter(verb, request);
    return this.#ask(verb, request.challengeId, change, (result) => result.ok);
  }

  #ask<T>(verb: AnyVerb, challengeId: string, change: () => T, granted: (result: T) => boolean): Promise<T> {
    // A dead process asks nothing, and hears nothing.
    if (!this.#host.alive()) return new Promise(() => {});
    return new Promise((resolve, reject) => {
      const operation = { number: this.#host.nextOperation(), verb, challengeId };
      let open = true;
      const refuse = (error: Error) => {
        if (!open) return;
        open = false;
        this.#host.refused(operation);
        reject(error);
      };
      const apply = () => {
        try {
          const result = change();
          return () => {
            if (!open) return;
            open = false;
            this.#host.told(operation, granted(result));
            resolve(result);
          };
        } catch (error) {
          return () => refuse(error instanceof Error ? error : new Error(String(error)));
        }
      };
      this.#host.asked(operation);
      if (this.#stalled) {
        refuse(unavailable());
        return;
      }
      this.#gathering.push({ ...operation, apply, refuse });
      if (this.#host.faultOf(operation) === 'crash-asked') this.#host.crash();
      else this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#underWay !== undefined || this.#gathering.length === 0) return;
    const batch = this.#gathering;
    this.#underWay = batch;
    this.#gathering = [];
    this.#patience = this.#host.after(patienceMs, () => this.#giveUp(batch));
    this.#host.later(`disk ${batch.map(({ verb }) => verb).join('+')}`, () => this.#sync(batch));
  }

  #sync(batch: readonly Queued[]): void {
    const apply = () => batch.map((each) => each.apply());
    const refuse = () => batch.map((each) => () => each.refuse(unavailable()));
    const fault = batch.map((operation) => this.#host.faultOf(operation)).find((each) => each !== undefined);
    switch (fault) {
      case 'fails':
        this.#tell(refuse());
        return;
      case 'ack-lost':
        apply();
        this.#tell(refuse());
        return;
      case 'slow':
        this.#host.after(diskSlowMs, () => this.#tell(apply()));
        return;
      case 'late':
        this.#host.after(diskHangMs, () => this.#tell(apply()));
        return;
      case 'late-fails':
        this.#host.after(diskHangMs, () => this.#tell(refuse()));
        return;
      case 'crash-asked':
      case 'crash-unsynced':
        this.#host.crash();
        return;
      case 'crash-synced':
        apply();
        this.#host.crash();
        return;
      default:
        this.#tell(apply());
    }
  }

  #tell(tellers: readonly (() => void)[]): void {
    this.#host.later('ledger tells', () => {
      this.#patience();
      this.#underWay = undefined;
      this.#stalled = false;
      for (const tell of tellers) tell();
      this.#schedule();
    });
  }

  /** What was asked may still reach the disk; its callers have been told that it is not certain. */
  #giveUp(batch: readonly Queued[]): void {
    this.#stalled = true;
    const waiting = [...batch, ...this.#gathering];
    this.#gathering = [];
    for (const each of waiting) each.refuse(unavailable());
  }
}

function unavailable(): LedgerUnavailable {
  return new LedgerUnavailable('The simulated disk failed.');
}
