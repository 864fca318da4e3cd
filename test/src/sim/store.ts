import {
  ACCOUNT_OF_STATE,
  type Account,
  type Claim,
  type ClaimRequest,
  type ClaimResult,
  type ClaimShape,
  type ClaimState,
  type ClaimTotal,
  type Decision,
  type DecisionTerms,
  decide,
  type Hold,
  impossible,
  isHeld,
  type KeptAnswer,
  LedgerMisuse,
  MOVEMENTS,
  movementNumber,
  type Redelivery,
  requestOutOfBounds,
  type StoredAnswer,
  type SweepTerms,
  type Swept,
  type Taken,
  type Verb,
} from '@farebox/ledger';

/** A claim on the simulated disk. */
export interface Row extends ClaimShape {
  readonly seq: number;
  readonly request: ClaimRequest;
  /** Who holds it, while it is claimed or delivered. */
  readonly holder: number;
  readonly answer: KeptAnswer | undefined;
  readonly updatedMs: number;
}

/** The states of a claim that nobody can ask for again. */
export const doneWith: ReadonlySet<ClaimState> = new Set(['answered', 'expired', 'refunded']);

/** The verbs of which a row is the subject, and those that only look. */
export type AnyVerb = Verb | 'find' | 'answer' | 'totals' | 'sweep';

/** The verbs that name a claim by its seq, and move it or not. */
export type AdvanceVerb =
  | 'settle'
  | 'unknown'
  | 'answered'
  | 'cut'
  | 'refund'
  | 'resolve-released'
  | 'resolve-delivered';

/**
 * What is on the simulated disk. It decides by the ledger's own table (`decide`) and keeps its two uniquenesses, holders,
 * stored answers and books, as the real stores do. Every change is durable at once: losing what had not reached the disk
 * is `SimLedger`'s part.
 */
export class Store {
  readonly #rows: Row[] = [];
  /** When each holder is dead for certain, milliseconds since the epoch. */
  readonly #deadMs: number[] = [];
  readonly #booked = MOVEMENTS.map(() => 0n);

  get rows(): readonly Row[] {
    return this.#rows;
  }

  /** What the books say that every movement has summed up to, in the order of `MOVEMENTS`. */
  get booked(): readonly bigint[] {
    return this.#booked;
  }

  /** A process opens the ledger. Returns the holder's number. */
  openHolder(): number {
    return this.#deadMs.push(Number.POSITIVE_INFINITY) - 1;
  }

  /** A process has died; from `deadMs` on its claims may be taken over. */
  bury(holder: number, deadMs: number): void {
    this.#deadMs[holder] = Math.min(this.#deadMs[holder] ?? 0, deadMs);
  }

  /** In whose hands a claim is, as `holder` sees it. */
  holdOf(row: Row | undefined, holder: number, nowMs: number): Hold {
    if (row === undefined || row.holder === holder) return 'mine';
    return (this.#deadMs[row.holder] ?? 0) <= nowMs ? 'orphaned' : 'theirs';
  }

  /** The verbs that come with a request. */
  enter(
    verb: 'claim' | 'reclaim' | 'deliver' | 'release',
    request: ClaimRequest,
    holder: number,
    answer?: StoredAnswer,
  ): ClaimResult {
    const reason = requestOutOfBounds(request);
    if (reason !== undefined) throw new LedgerMisuse('ledger_request_invalid', reason);
    const { nowMs } = request;
    const row = this.ofChallenge(request.challengeId);
    const taken = (by: Taken['by'], other: Row): Taken => {
      return { ok: false, by, claim: this.claimOf(other, holder, nowMs, request.idempotencyKey) };
    };
    const other = row === undefined ? this.ofReference(request.reference) : undefined;
    if (other !== undefined) return taken('reference', other);
    if (row !== undefined && !sameClaim(row.request, request)) return taken('challenge', row);
    const decision = this.#decide(verb, row, holder, nowMs);
    if (decision.move === 'taken' && row !== undefined) return taken('challenge', row);
    if (decision.move !== 'go') throw conflict(`There is no claim to ${verb}.`);
    const seq = row?.seq ?? this.#rows.length + 1;
    const newest = { ...request, idempotencyKey: request.idempotencyKey ?? row?.request.idempotencyKey };
    this.write(
      { seq, request: newest, holder, answer: kept(answer, nowMs) ?? row?.answer },
      decision.next,
      nowMs,
    );
    return { ok: true, seq };
  }

  /** The verbs that name a claim. */
  advance(verb: AdvanceVerb, seq: number, holder: number, nowMs: number, more: AdvanceTerms = {}): true {
    const row = this.#rows[seq - 1];
    const decision = this.#decide(verb, row, holder, nowMs, more);
    if (decision.move === 'keep') return true;
    if (row === undefined || decision.move !== 'go') {
      throw conflict(`Claim ${seq} is ${row?.state ?? 'absent'}: ${verb} does not apply.`);
    }
    this.write({ ...row, holder, answer: kept(more.answer, nowMs) ?? row.answer }, decision.next, nowMs);
    return true;
  }

  redeliver(seq: number, holder: number, nowMs: number, redeliveriesMax: number): Redelivery {
    const row = this.#rows[seq - 1];
    const decision = this.#decide('redeliver', row, holder, nowMs, { redeliveriesMax });
    if (decision.move === 'busy' || decision.move === 'no') return decision.move;
    if (row === undefined || decision.move !== 'go')
      throw conflict(`Claim ${seq} cannot be delivered again.`);
    this.write({ ...row, holder }, decision.next, nowMs);
    return 'allowed';
  }

  abandon(challengeId: string, holder: number, nowMs: number): true {
    const row = this.ofChallenge(challengeId);
    const decision = this.#decide('abandon', row, holder, nowMs);
    if (row !== undefined && decision.move === 'go') this.write({ ...row, holder }, decision.next, nowMs);
    return true;
  }

  /**
   * Housekeeping, all at once, but for the removal of claims: that would take from the world what it looks at. The suite of
   * the real stores has that.
   */
  sweep({ nowMs, redemptionWindowMs, replayWindowMs, retentionMs }: SweepTerms, holder: number): Swept {
    const swept = { expired: 0, answers: 0, pruned: 0, more: false };
    for (const row of this.#rows) {
      const credit = row.state === 'released' && row.updatedMs < nowMs - redemptionWindowMs;
      const old = row.updatedMs < nowMs - retentionMs && row.request.expiresMs < nowMs;
      const verb = credit ? 'expire' : 'lapse';
      const decision = credit || old ? this.#decide(verb, row, holder, nowMs) : undefined;
      if (credit && decision?.move === 'go') swept.expired++;
      if (decision?.move === 'go') this.write(row, decision.next, nowMs);
      const now = this.#rows[row.seq - 1];
      if (now?.answer === undefined || now.answer.storedMs >= nowMs - replayWindowMs) continue;
      if (!doneWith.has(now.state)) continue;
      swept.answers++;
      this.#rows[row.seq - 1] = { ...now, answer: undefined };
    }
    return swept;
  }

  ofChallenge(challengeId: string): Row | undefined {
    return this.#rows.find(({ request }) => request.challengeId === challengeId);
  }

  ofReference(reference: string): Row | undefined {
    return this.#rows.find(({ request }) => request.reference === reference);
  }

  totals(): ClaimTotal[] {
    const states = new Map<ClaimState, Row[]>();
    for (const row of this.#rows) states.set(row.state, [...(states.get(row.state) ?? []), row]);
    return [...states].map(([state, rows]) => ({
      state,
      method: 'lightning',
      count: rows.length,
      paid: { amount: rows.reduce((sum, { request }) => sum + request.paid.amount, 0n), currency: 'sat' },
    }));
  }

  /** A row as a holder of the ledger sees it. */
  claimOf(row: Row, holder: number, nowMs: number, key?: string): Claim {
    const { challengeId, reference, method, intent, paid, route, resource, expiresMs } = row.request;
    const { seq, state, attempts, redeliveries, updatedMs, answer } = row;
    return {
      ...{ seq, challengeId, reference, method, intent, paid, route, resource, state },
      hold: isHeld(state) ? this.holdOf(row, holder, nowMs) : undefined,
      ...{ attempts, redeliveries, expiresMs, updatedMs },
      keyMatches: key !== undefined && row.request.idempotencyKey === key,
      answerKept: answer !== undefined,
      createdMs: row.request.nowMs,
    };
  }

  /** Books a claim's change of state. */
  protected book(from: ClaimState | undefined, to: ClaimState, amount: bigint): void {
    const movement = movementNumber(from, to);
    if (movement > 0) this.#booked[movement - 1] = (this.#booked[movement - 1] ?? 0n) + amount;
  }

  protected write(
    { seq, request, holder, answer }: Pick<Row, 'seq' | 'request' | 'holder' | 'answer'>,
    next: ClaimShape,
    nowMs: number,
  ): void {
    const fault = impossible(next);
    if (fault !== undefined) throw new Error(`Claim ${seq} cannot be: ${fault}.`);
    const before = this.#rows[seq - 1];
    this.book(before?.state, next.state, request.paid.amount);
    const first = before?.request.nowMs ?? request.nowMs;
    this.#rows[seq - 1] = {
      ...next,
      seq,
      request: { ...request, nowMs: first },
      holder,
      answer,
      updatedMs: nowMs,
    };
  }

  #decide(
    verb: Verb,
    row: Row | undefined,
    holder: number,
    nowMs: number,
    terms: Omit<DecisionTerms, 'hold'> = {},
  ): Decision {
    return decide(verb, row, { ...terms, hold: this.holdOf(row, holder, nowMs) });
  }
}

/** What some of the advancing verbs come with. */
export interface AdvanceTerms {
  readonly byUpstream?: boolean;
  readonly answer?: StoredAnswer | undefined;
}

/** What stands on each account, by the movements that were booked. Debits are positive. */
export function balances(booked: readonly bigint[]): ReadonlyMap<Account, bigint> {
  const sums = new Map<Account, bigint>(Object.values(ACCOUNT_OF_STATE).map((account) => [account, 0n]));
  for (const [at, { debit, credit }] of MOVEMENTS.entries()) {
    const amount = booked[at] ?? 0n;
    sums.set(debit, (sums.get(debit) ?? 0n) + amount);
    sums.set(credit, (sums.get(credit) ?? 0n) - amount);
  }
  return sums;
}

function sameClaim(held: ClaimRequest, asked: ClaimRequest): boolean {
  return (
    held.reference === asked.reference &&
    held.method === asked.method &&
    held.paid.amount === asked.paid.amount &&
    held.paid.currency === asked.paid.currency
  );
}

function kept(answer: StoredAnswer | undefined, storedMs: number): KeptAnswer | undefined {
  return answer === undefined ? undefined : { ...answer, storedMs };
}

function conflict(message: string): LedgerMisuse {
  return new LedgerMisuse('ledger_conflict', message);
}
