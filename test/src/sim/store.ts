import {
  type Claim,
  type ClaimRequest,
  type ClaimResult,
  type ClaimShape,
  type ClaimTotal,
  decide,
  impossible,
  LedgerMisuse,
  requestOutOfBounds,
  type Standing,
  stateOf,
  type Taken,
  type Verb,
} from '@farebox/ledger';

/** A claim on the simulated disk. */
export interface Row extends ClaimShape {
  readonly seq: number;
  readonly request: ClaimRequest;
  readonly updatedMs: number;
}

/**
 * What is on the simulated disk. It decides by the ledger's own table (`decide`) and keeps its two uniquenesses, as the
 * SQLite store does (`packages/ledger/src/sqlite/store.ts`). Every change is durable at once: losing what had not
 * reached the disk is `SimLedger`'s part. Leases, stored answers and books will join the row here.
 */
export class Store {
  readonly #rows: Row[] = [];

  get rows(): readonly Row[] {
    return this.#rows;
  }

  /** The verbs that come with a request. */
  enter(verb: 'claim' | 'deliver' | 'release', request: ClaimRequest): ClaimResult {
    const reason = requestOutOfBounds(request);
    if (reason !== undefined) throw new LedgerMisuse('ledger_request_invalid', reason);
    const row = this.ofChallenge(request.challengeId);
    if (row === undefined) {
      const other = this.ofReference(request.reference);
      if (other !== undefined) return taken('reference', other);
      const decision = decide(verb, undefined);
      if (decision.move !== 'go') throw conflict(`There is no claim to ${verb}.`);
      return { ok: true, seq: this.write(this.#rows.length + 1, request, decision.next, request.nowMs) };
    }
    const held = row.request;
    const same =
      held.reference === request.reference &&
      held.method === request.method &&
      held.paid.amount === request.paid.amount &&
      held.paid.currency === request.paid.currency;
    if (!same) return taken('challenge', row);
    const decision = decide(verb, row);
    if (decision.move === 'taken') return taken('challenge', row);
    if (decision.move === 'go') this.write(row.seq, held, decision.next, request.nowMs);
    return { ok: true, seq: row.seq };
  }

  /** The verbs that name a claim. False: `no`. */
  advance(
    verb: 'settle' | 'answered' | 'redeliver',
    seq: number,
    nowMs: number,
    redeliveriesMax = 0,
  ): boolean {
    const row = this.#rows[seq - 1];
    const decision = decide(verb, row, redeliveriesMax);
    if (decision.move === 'no') return false;
    if (row === undefined || decision.move === 'conflict' || decision.move === 'taken') {
      throw conflict(`Claim ${seq} is ${row?.standing ?? 'absent'}: ${verb} does not apply.`);
    }
    if (decision.move === 'go') this.write(seq, row.request, decision.next, nowMs);
    return true;
  }

  ofChallenge(challengeId: string): Row | undefined {
    return this.#rows.find(({ request }) => request.challengeId === challengeId);
  }

  ofReference(reference: string): Row | undefined {
    return this.#rows.find(({ request }) => request.reference === reference);
  }

  totals(): ClaimTotal[] {
    const standings = new Map<Standing, Row[]>();
    for (const row of this.#rows) standings.set(row.standing, [...(standings.get(row.standing) ?? []), row]);
    return [...standings].map(([standing, rows]) => ({
      state: stateOf(standing),
      answered: standing === 'answered',
      method: 'lightning',
      count: rows.length,
      paid: { amount: rows.reduce((sum, { request }) => sum + request.paid.amount, 0n), currency: 'sat' },
    }));
  }

  protected write(seq: number, request: ClaimRequest, next: ClaimShape, nowMs: number): number {
    const fault = impossible(next);
    if (fault !== undefined) throw new Error(`Claim ${seq} cannot be: ${fault}.`);
    this.#rows[seq - 1] = { ...next, seq, request, updatedMs: nowMs };
    return seq;
  }
}

/** A row as the ledger's callers see it. */
export function claimOf(row: Row): Claim {
  const { challengeId, reference, method, intent, paid, route, resource, nowMs } = row.request;
  const { seq, standing, attempts, redeliveries, updatedMs } = row;
  const counts = { attempts, redeliveries, createdMs: nowMs, updatedMs };
  const named = { seq, challengeId, reference, method, intent, paid, route, resource };
  return { ...named, state: stateOf(standing), answered: standing === 'answered', ...counts };
}

function taken(by: Taken['by'], row: Row): Taken {
  return { ok: false, by, claim: claimOf(row) };
}

function conflict(message: string): LedgerMisuse {
  return new LedgerMisuse('ledger_conflict', message);
}

/** The verbs of which a row is the subject, and the two that only look. */
export type AnyVerb = Verb | 'find' | 'totals';
