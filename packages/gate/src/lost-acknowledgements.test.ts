import { type Ledger, LedgerMisuse, LedgerUnavailable, type StoredAnswer } from '@farebox/ledger';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { redeliveriesMaxDefault } from './context.js';
import type { Gate, GateRequest, Terms } from './index.js';
import {
  admittedTo,
  idempotent,
  once,
  openRig,
  paidRequest,
  price,
  type Rig,
  refusedWith,
  safe,
} from './testing/rig.js';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.close());

const order: GateRequest = {
  method: 'POST',
  path: '/v1/orders',
  query: '',
  credentials: [],
  body: Buffer.from('1'),
};
const answer: StoredAnswer = { status: 200, headers: [], body: Buffer.from('the goods') };

/** The real ledger, behind a wire on which what a verb said may be lost: `say` decides what is heard instead. */
function wired<V extends 'redeliver' | 'settle'>(
  ledger: Ledger,
  verb: V,
  say: (ask: () => ReturnType<Ledger[V]>, ...given: Parameters<Ledger[V]>) => Promise<unknown>,
): Ledger {
  return new Proxy(ledger, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      if (name !== verb) return value.bind(target);
      return (...given: Parameters<Ledger[V]>) => say(() => Reflect.apply(value, target, given), ...given);
    },
  });
}

/** A gate whose next `times` redeliveries are recorded, and not heard of. */
function deaf(times: number): Gate {
  let left = times;
  const ledger = wired(rig.ledger, 'redeliver', async (ask) => {
    const said = await ask();
    if (left-- > 0) throw new LedgerUnavailable('The acknowledgement was lost.');
    return said;
  });
  return rig.again({ ledger });
}

/** Buys an answer that is cut off, and kept where the route keeps it. */
async function cutOff(gate: Gate, asked: GateRequest, terms: Terms): Promise<GateRequest> {
  const request = await paidRequest(rig, asked, terms);
  const delivery = admittedTo(await gate.admit(request, terms));
  expect((await delivery.commit(answer.status, delivery.keepsAnswer ? answer : undefined)).ok).toBe(true);
  delivery.cut();
  return request;
}

async function deliverable(gate: Gate, request: GateRequest, terms: Terms): Promise<void> {
  const admission = await gate.admit(request, terms);
  if (admission.kind === 'refused') throw new Error(String(admission.answer.body));
  const { delivery } = admission;
  if (admission.kind === 'admitted') expect(await delivery.commit()).toMatchObject({ ok: true });
  delivery.cut();
}

// docs/reliability.md: at most `redeliveries` times the buyer gets the answer again; what never left is no time.
describe('a redelivery that was recorded and not heard of', () => {
  it.each<[string, GateRequest, Terms, boolean]>([
    ['once', order, once, true],
    ['idempotent', order, idempotent, true],
    ['safe', price, safe, false],
  ])('counts for nothing on a %s route', async (_, asked, terms, atTheDoor) => {
    const gate = deaf(redeliveriesMaxDefault * 2);
    const request = await cutOff(gate, asked, terms);
    for (let turn = 0; turn < redeliveriesMaxDefault * 2; turn++) {
      const admission = await gate.admit(request, terms);
      if (atTheDoor) {
        expect(refusedWith(admission).status).toBe(500);
        continue;
      }
      // A safe route is decided about when its upstream has answered.
      expect(await admittedTo(admission).commit()).toMatchObject({ ok: false, answer: { status: 500 } });
    }
    for (let turn = 0; turn < redeliveriesMaxDefault; turn++) await deliverable(gate, request, terms);
    expect(refusedWith(await gate.admit(request, terms)).status).toBe(402);
  });

  it('is taken back though nobody comes again', async () => {
    const gate = deaf(1);
    const request = await cutOff(gate, order, once);
    expect(refusedWith(await gate.admit(request, once)).status).toBe(500);
    await expect
      .poll(() => rig.ledger.totals(), { timeout: 30_000 })
      .toMatchObject([{ state: 'cut', count: 1 }]);
  });
});

describe('an answer that a ledger refuses once its upstream has acted', () => {
  it('is on record as delivered, without the answer', async () => {
    const ledger = wired(rig.ledger, 'settle', async (ask, _seq, _nowMs, kept) => {
      if (kept !== undefined)
        throw new LedgerMisuse('ledger_request_invalid', 'Such an answer is not kept here.');
      return ask();
    });
    const request = await paidRequest(rig, order, once);
    const delivery = admittedTo(await rig.again({ ledger }).admit(request, once));
    expect(await delivery.commit(answer.status, answer)).toMatchObject({ ok: false });
    await expect
      .poll(() => rig.ledger.find(delivery.challengeId), { timeout: 30_000 })
      .toMatchObject({ state: 'cut', answerKept: false });
  });
});
