import {
  type Claim,
  type ClaimRequest,
  type ClaimResult,
  type ClaimTotal,
  type KeptAnswer,
  type Ledger,
  LedgerMisuse,
  LedgerUnavailable,
  type Redelivery,
  type StoredAnswer,
  type SweepTerms,
  type Swept,
} from '@farebox/ledger';
import type { AdvanceTerms, AdvanceVerb, AnyVerb, Row, Store } from './store.js';
import { diskHangMs, diskSlowMs, type FaultKind, patienceMs } from './store-faults.js';

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
  /** This process's number as a holder of claims. */
  readonly holder: number;
  readonly nowMs: () => number;
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
  /** The disk was swept; `before` is what was on it. */
  readonly swept: (before: readonly Row[], terms: SweepTerms) => void;
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

  claim(request: ClaimRequest, askAgain = false): Promise<ClaimResult> {
    return this.#enter(askAgain ? 'reclaim' : 'claim', request);
  }

  deliver(request: ClaimRequest, answer?: StoredAnswer): Promise<ClaimResult> {
    return this.#enter('deliver', request, answer);
  }

  release(request: ClaimRequest): Promise<ClaimResult> {
    return this.#enter('release', request);
  }

  settle(seq: number, nowMs: number, answer?: StoredAnswer): Promise<void> {
    return this.#advance('settle', seq, nowMs, { answer });
  }

  unknown(seq: number, nowMs: number): Promise<void> {
    return this.#advance('unknown', seq, nowMs);
  }

  answered(seq: number, nowMs: number): Promise<void> {
    return unheard(this.#advance('answered', seq, nowMs));
  }

  cut(seq: number, nowMs: number, byUpstream = false): Promise<void> {
    return unheard(this.#advance('cut', seq, nowMs, { byUpstream }));
  }

  async abandon(challengeId: string, nowMs: number): Promise<void> {
    const { store, holder } = this.#host;
    await this.#ask('abandon', challengeId, () => store.abandon(challengeId, holder, nowMs), yes);
  }

  redeliver(seq: number, redeliveriesMax: number, nowMs: number): Promise<Redelivery> {
    const { store, holder } = this.#host;
    const again = () => store.redeliver(seq, holder, nowMs, redeliveriesMax);
    return this.#ask('redeliver', this.#challengeOf(seq), again, (said) => said === 'allowed');
  }

  find(challengeId: string, key?: string): Promise<Claim | undefined> {
    const { store, holder, nowMs } = this.#host;
    const look = (): Claim | undefined => {
      const row = store.ofChallenge(challengeId);
      return row === undefined ? undefined : store.claimOf(row, holder, nowMs(), key);
    };
    return this.#ask('find', challengeId, look, (found) => found !== undefined);
  }

  answer(seq: number): Promise<KeptAnswer | undefined> {
    const look = () => this.#host.store.rows[seq - 1]?.answer;
    return this.#ask('answer', this.#challengeOf(seq), look, (found) => found !== undefined);
  }

  totals(): Promise<readonly ClaimTotal[]> {
    return this.#ask('totals', '', () => this.#host.store.totals(), yes);
  }

  resolve(): Promise<void> {
    return byHand();
  }

  refund(): Promise<void> {
    return byHand();
  }

  sweep(terms: SweepTerms): Promise<Swept> {
    const { store, holder, swept } = this.#host;
    const change = (): Swept => {
      const before = [...store.rows];
      const result = store.sweep(terms, holder);
      swept(before, terms);
      return result;
    };
    return this.#ask('sweep', '', change, yes);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #challengeOf(seq: number): string {
    return this.#host.store.rows[seq - 1]?.request.challengeId ?? '';
  }

  async #advance(verb: AdvanceVerb, seq: number, nowMs: number, more: AdvanceTerms = {}): Promise<void> {
    const { store, holder } = this.#host;
    await this.#ask(verb, this.#challengeOf(seq), () => store.advance(verb, seq, holder, nowMs, more), yes);
  }

  #enter(
    verb: 'claim' | 'reclaim' | 'deliver' | 'release',
    request: ClaimRequest,
    answer?: StoredAnswer,
  ): Promise<ClaimResult> {
    const { store, holder } = this.#host;
    const change = () => store.enter(verb, request, holder, answer);
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
    this.#host.later(`ledger writes ${batch.map(({ verb }) => verb).join('+')}`, () => this.#sync(batch));
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

const yes = (): boolean => true;

/** Nobody waits for it. */
function unheard(done: Promise<void>): Promise<void> {
  done.catch(() => {});
  return done;
}

/** What people do to a ledger they do by a command, which is no gateway: see `Person`. */
function byHand(): Promise<never> {
  return Promise.reject(new LedgerMisuse('ledger_request_invalid', 'A gateway does nothing by hand.'));
}

function unavailable(): LedgerUnavailable {
  return new LedgerUnavailable('The simulated disk failed.');
}
