import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { LedgerReader, MovementTotal } from '../books.js';
import type { ClaimRequest, Ledger } from '../ledger.js';
import { type ModelAdvance, type ModelAnswer, type ModelEnter, ModelLedger } from './model.js';
import { requestOf } from './requests.js';
import type { LedgerUnderTest } from './under-test.js';

const redeliveriesMax = 2;

const enters = ['claim', 'reclaim', 'deliver', 'release'] as const satisfies readonly ModelEnter[];
const advances = [
  'settle',
  'unknown',
  'answered',
  'cut',
  'broken',
  'resolve released',
  'resolve delivered',
  'refund',
] as const satisfies readonly ModelAdvance[];

interface Step {
  readonly verb: ModelEnter | ModelAdvance | 'redeliver' | 'abandon' | 'expire';
  readonly challenge: number;
  readonly payment: number;
  /** Whether to wait for this step before the next; steps that are not waited for share a transaction. */
  readonly wait: boolean;
}

const steps = fc.array(
  fc.record<Step>({
    verb: fc.constantFrom(...enters, ...enters, ...advances, 'redeliver', 'abandon', 'expire'),
    challenge: fc.nat(4),
    payment: fc.nat(4),
    wait: fc.boolean(),
  }),
  { maxLength: 40 },
);

/** One walk through the model, under a method of its own. */
interface Walk {
  readonly ledger: Ledger;
  readonly reader: LedgerReader;
  readonly model: ModelLedger;
  readonly name: string;
  readonly method: string;
  /** Time of this walk: later walks are later, so that credits of earlier ones are already expired. */
  readonly nowMs: number;
  readonly seqs: Map<string, number>;
}

/** Random verbs: the ledger answers as the model does, and not one unit is lost or made. */
export function conformsToModel(underTest: () => LedgerUnderTest): void {
  it('answers as a plain model does; paid = owed + revenue + breakage + refunds after every step', {
    timeout: 600_000,
  }, async () => {
    const { ledger } = underTest();
    const reader = await underTest().reader();
    let run = 0;
    await fc.assert(
      fc.asyncProperty(steps, async (taken) => {
        const name = `run ${run++}`;
        const method = `method of ${name}`;
        const model = new ModelLedger();
        const nowMs = requestOf(0).nowMs + run * 10;
        await walk({ ledger, reader, model, name, method, nowMs, seqs: new Map() }, taken);
      }),
      { numRuns: 150 },
    );
    expect(await reader.audit()).toEqual({ faults: [], partial: false });
    await reader.close();
  });
}

async function walk(walked: Walk, taken: readonly Step[]): Promise<void> {
  const { ledger, model, seqs, name, method, nowMs } = walked;
  let unawaited: Promise<void>[] = [];
  const settle = async (): Promise<void> => {
    await Promise.all(unawaited);
    unawaited = [];
  };
  for (const step of [...taken, lastStep]) {
    // Mostly a challenge's own payment; now and then another's.
    const payment = step.payment === 0 ? step.challenge + 1 : step.challenge;
    const paid = { amount: 10n ** BigInt(payment * 3), currency: 'sat' };
    const request = requestOf(`${name} ${step.challenge}`, `${name} ${payment}`, { method, paid, nowMs });
    // A seq is only known once its first verb was answered: verbs that need it wait for what is under way.
    // And a store may do its housekeeping beside its batches.
    if (step.verb === 'expire' || (!isEnter(step.verb) && !seqs.has(request.challengeId))) await settle();
    const predicted = predict(model, step, request);
    unawaited.push(
      act(ledger, step, request, seqs).then((answer) => {
        expect([step, answer]).toEqual([step, predicted]);
      }),
    );
    if (!step.wait && step.verb !== 'expire') continue;
    await settle();
    await balance(walked);
  }
  await compare(walked);
}

// No credit outlives its walk, or the next walk's expiry would find it.
const lastStep: Step = { verb: 'expire', challenge: 0, payment: 0, wait: true };

function isEnter(verb: Step['verb']): verb is ModelEnter {
  return enters.some((enter) => enter === verb);
}

function predict(model: ModelLedger, { verb }: Step, request: ClaimRequest): ModelAnswer {
  if (isEnter(verb)) return model.enter(verb, request);
  if (verb === 'redeliver') return model.redeliver(request.challengeId, redeliveriesMax);
  if (verb === 'abandon') return model.abandon(request.challengeId);
  if (verb !== 'expire') return model.advance(verb, request.challengeId);
  model.expireCredits();
  return 'ok';
}

async function act(
  ledger: Ledger,
  step: Step,
  request: ClaimRequest,
  seqs: Map<string, number>,
): Promise<string> {
  const { verb } = step;
  const { nowMs } = request;
  const seq = seqs.get(request.challengeId) ?? 4_000_000_000;
  try {
    if (isEnter(verb)) {
      const result = await (verb === 'reclaim' ? ledger.claim(request, true) : ledger[verb](request));
      if (!result.ok) return `taken by ${result.by}`;
      const known = seqs.get(request.challengeId);
      if (known !== undefined) expect(result.seq).toBe(known);
      seqs.set(request.challengeId, result.seq);
      return 'ok';
    }
    if (verb === 'redeliver') return await ledger.redeliver(seq, redeliveriesMax, nowMs);
    if (verb === 'abandon') await ledger.abandon(request.challengeId, nowMs);
    else if (verb === 'broken') await ledger.cut(seq, nowMs, true);
    else if (verb === 'resolve released') await ledger.resolve(seq, 'released', nowMs);
    else if (verb === 'resolve delivered') await ledger.resolve(seq, 'delivered', nowMs);
    else if (verb === 'expire') await expireAll(ledger, nowMs);
    else await ledger[verb](seq, nowMs);
    return 'ok';
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ledger_conflict') return 'conflict';
    throw error;
  }
}

async function expireAll(ledger: Ledger, nowMs: number): Promise<void> {
  const keep = { replayWindowMs: nowMs, retentionMs: nowMs, redemptionWindowMs: 0 };
  await ledger.sweep({ ...keep, nowMs: nowMs + 1, rowsMax: 200 });
}

// Credit of every account, as the books say, against the model's.
async function balance({ reader, model, method }: Walk): Promise<void> {
  const booked = new Map<string, bigint>();
  for (const total of await reader.movements()) if (total.method === method) book(booked, total);
  for (const account of ['received', 'owed', 'revenue', 'breakage', 'refunds'])
    expect([account, booked.get(account) ?? 0n]).toEqual([account, model.balances.get(account) ?? 0n]);
  const paidOut = ['owed', 'revenue', 'breakage', 'refunds'];
  expect(paidOut.reduce((sum, account) => sum + (booked.get(account) ?? 0n), 0n)).toBe(
    booked.get('received') ?? 0n,
  );
}

/** Adds what a movement has summed up to to the balances of its accounts; `received` counts what left it. */
export function book(balances: Map<string, bigint>, { debit, credit, amount }: MovementTotal): void {
  add(balances, debit, debit === 'received' ? amount.amount : -amount.amount);
  add(balances, credit, amount.amount);
}

function add(balances: Map<string, bigint>, account: string, amount: bigint): void {
  balances.set(account, (balances.get(account) ?? 0n) + amount);
}

async function compare({ ledger, reader, model }: Walk): Promise<void> {
  for (const { request, ...shape } of model.claims.values()) {
    const { challengeId, reference, paid } = request;
    const claim = await ledger.find(challengeId);
    expect(claim).toMatchObject({ ...shape, reference, paid });
    const read = await reader.claim(reference);
    expect(read?.claim).toMatchObject({ ...shape, challengeId });
    const account = read?.entries.at(-1)?.credit;
    expect(model.balances.get(account ?? '') ?? -1n).toBeGreaterThanOrEqual(paid.amount);
  }
}
