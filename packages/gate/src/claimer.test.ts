import type { Ledger } from '@farebox/ledger';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { admittedTo, once, openRig, paidRequest, type Rig, refusedWith } from './testing/rig.js';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.close());

/** The real ledger behind a door that opens when told to. */
function hanging(ledger: Ledger): { readonly ledger: Ledger; open(): void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const slow: Ledger = {
    claim: async (request) => {
      const result = await ledger.claim(request);
      await opened;
      return result;
    },
    deliver: (request) => ledger.deliver(request),
    settle: (seq, nowMs) => ledger.settle(seq, nowMs),
    release: (request) => ledger.release(request),
    answered: (seq, nowMs) => ledger.answered(seq, nowMs),
    redeliver: (seq, max, nowMs) => ledger.redeliver(seq, max, nowMs),
    find: (id) => ledger.find(id),
    totals: () => ledger.totals(),
    close: () => ledger.close(),
  };
  return { ledger: slow, open };
}

describe('a ledger that hangs', () => {
  it('gives back a claim that came late: its upstream was never asked', async () => {
    const order = { method: 'POST', path: '/v1/orders', query: '', credentials: [], body: Buffer.from('1') };
    const request = await paidRequest(rig, order, once);
    const slow = hanging(rig.ledger);
    const gate = rig.again({ ledger: slow.ledger, claimTimeoutMs: 20 });
    expect(refusedWith(await gate.admit(request, once)).status).toBe(500);
    expect(await rig.ledger.totals()).toMatchObject([{ state: 'claimed' }]);
    slow.open();
    await expect.poll(() => rig.ledger.totals()).toMatchObject([{ state: 'released', count: 1 }]);
    const delivery = admittedTo(await rig.gate.admit(request, once));
    expect((await delivery.commit()).ok).toBe(true);
    delivery.answered();
  });
});
