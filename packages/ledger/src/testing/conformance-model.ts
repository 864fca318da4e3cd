import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ClaimRequest, Ledger } from '../ledger.js';
import { type ModelAnswer, ModelLedger } from './model.js';
import { requestOf } from './requests.js';

const redeliveriesMax = 2;

interface Step {
  readonly verb: 'claim' | 'deliver' | 'release' | 'settle' | 'answered' | 'redeliver';
  readonly challenge: number;
  readonly payment: number;
  /** Whether to wait for this step before the next; steps that are not waited for share a transaction. */
  readonly wait: boolean;
}

const steps = fc.array(
  fc.record<Step>({
    verb: fc.constantFrom('claim', 'deliver', 'release', 'settle', 'answered', 'redeliver'),
    challenge: fc.nat(4),
    payment: fc.nat(4),
    wait: fc.boolean(),
  }),
  { maxLength: 40 },
);

/** Random verbs: the ledger answers as the model does, and not one unit is lost or made. */
export function conformsToModel(ledger: () => Ledger): void {
  it('answers as a plain model does; paid = delivered + released + claimed', {
    timeout: 120_000,
  }, async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(steps, async (taken) => walk(ledger(), taken, `run ${run++}`)),
      { numRuns: 300 },
    );
  });
}

async function walk(ledger: Ledger, taken: readonly Step[], run: string): Promise<void> {
  const model = new ModelLedger();
  const seqs = new Map<string, number>();
  let unawaited: Promise<void>[] = [];
  for (const step of taken) {
    // Mostly a challenge's own payment; now and then another's.
    const payment = step.payment === 0 ? step.challenge + 1 : step.challenge;
    const method = `method of ${run}`;
    const paid = { amount: 10n ** BigInt(payment * 3), currency: 'sat' };
    const request = requestOf(`${run} ${step.challenge}`, `${run} ${payment}`, { method, paid });
    // A seq is only known once its first verb was answered: verbs that need it wait for what is under way.
    if (!['claim', 'deliver', 'release'].includes(step.verb) && !seqs.has(request.challengeId)) {
      await Promise.all(unawaited);
      unawaited = [];
    }
    const predicted = predict(model, step, request);
    unawaited.push(
      act(ledger, step, request, seqs).then((answer) => {
        expect([step, answer]).toEqual([step, predicted]);
      }),
    );
    if (!step.wait) continue;
    await Promise.all(unawaited);
    unawaited = [];
  }
  await Promise.all(unawaited);
  await compare(ledger, model, `method of ${run}`);
}

function predict(model: ModelLedger, step: Step, request: ClaimRequest): ModelAnswer {
  const { verb } = step;
  if (verb === 'settle' || verb === 'answered') return model[verb](request.challengeId);
  if (verb === 'redeliver') return model.redeliver(request.challengeId, redeliveriesMax);
  return model.enter(verb, request);
}

async function act(
  ledger: Ledger,
  step: Step,
  request: ClaimRequest,
  seqs: Map<string, number>,
): Promise<string> {
  const { verb } = step;
  const seq = seqs.get(request.challengeId) ?? 4_000_000_000;
  try {
    if (verb === 'redeliver') return String(await ledger.redeliver(seq, redeliveriesMax, 1));
    if (verb === 'settle' || verb === 'answered') {
      await ledger[verb](seq, 1);
      return 'ok';
    }
    const result = await ledger[verb](request);
    if (!result.ok) return `taken by ${result.by}`;
    const known = seqs.get(request.challengeId);
    if (known !== undefined) expect(result.seq).toBe(known);
    seqs.set(request.challengeId, result.seq);
    return 'ok';
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ledger_conflict') return 'conflict';
    throw error;
  }
}

async function compare(ledger: Ledger, model: ModelLedger, method: string): Promise<void> {
  let paid = 0n;
  for (const { request, ...shape } of model.claims.values()) {
    const claim = await ledger.find(request.challengeId);
    expect(claim).toMatchObject({ ...shape, reference: request.reference, paid: request.paid });
    paid += request.paid.amount;
  }
  const totals = (await ledger.totals()).filter((total) => total.method === method);
  expect(totals.reduce((sum, total) => sum + total.paid.amount, 0n)).toBe(paid);
  expect(totals.reduce((sum, total) => sum + total.count, 0)).toBe(model.claims.size);
  for (const total of totals) {
    const alike = [...model.claims.values()].filter(
      (claim) => claim.state === total.state && claim.answered === total.answered,
    );
    expect(total.count).toBe(alike.length);
    expect(total.paid.amount).toBe(alike.reduce((sum, claim) => sum + claim.request.paid.amount, 0n));
  }
}
