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
  const slow = new Proxy(ledger, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      if (name !== 'claim') return value.bind(target);
      return async (...given: Parameters<Ledger['claim']>) => {
        const result = await target.claim(...given);
        await opened;
        return result;
      };
    },
  });
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
    // The claim is on record; that its upstream was never asked is said at the next presentation, or by and by.
    await expect
      .poll(() => rig.ledger.totals(), { timeout: 30_000 })
      .toMatchObject([{ state: 'released', count: 1 }]);
    const delivery = admittedTo(await rig.gate.admit(request, once));
    expect((await delivery.commit()).ok).toBe(true);
    delivery.answered();
  });
});
