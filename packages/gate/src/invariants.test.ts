import { serializeCredential } from '@farebox/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resourceOpaque } from './resource.js';
import {
  admittedTo,
  challengeFor,
  commit,
  fields,
  openRig,
  paidCredential,
  paidRequest,
  pay,
  price,
  type Rig,
  refusedWith,
  runes,
  safe,
  secret,
  withCredential,
} from './testing/rig.js';

// The invariants of ARCHITECTURE.md, by number. The simulator checks them after every step of its seeds; these are the
// plainest statements of each.
let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.close());

describe('invariant', () => {
  it('1: one challenge id completes delivery at most once', async () => {
    const request = await paidRequest(rig);
    const delivery = admittedTo(await rig.gate.admit(request, safe));
    await commit(delivery);
    delivery.answered();
    for (let i = 0; i < 20; i++) expect(refusedWith(await rig.gate.admit(request, safe)).status).toBe(402);
    expect(await rig.ledger.totals()).toMatchObject([{ state: 'answered', count: 1 }]);
  });

  it('2: a receipt exists only on a 2xx, and only after the delivery is durable', async () => {
    const request = await paidRequest(rig);
    await admittedTo(await rig.gate.admit(request, safe)).release();
    const delivery = admittedTo(await rig.gate.admit(request, safe));
    expect((await rig.ledger.find(delivery.challengeId))?.state).toBe('released');
    const receipt = await commit(delivery);
    expect((await rig.ledger.find(delivery.challengeId))?.state).toBe('delivered');
    expect(receipt.challengeId).toBe(delivery.challengeId);
    delivery.answered();
    const refusal = refusedWith(await rig.gate.admit(request, safe));
    expect(fields(refusal.headers, 'Payment-Receipt')).toEqual([]);
  });

  it('3: what was presented is delivered or a credit, to the unit, after every step', async () => {
    let presented = 0n;
    const sum = async () => (await rig.ledger.totals()).reduce((total, row) => total + row.paid.amount, 0n);
    for (let i = 0; i < 12; i++) {
      const request = await paidRequest(rig, { ...price, query: `n=${i}` });
      const delivery = admittedTo(await rig.gate.admit(request, safe));
      if (i % 3 === 0) await delivery.release();
      else await commit(delivery);
      presented += 1n;
      expect(await sum()).toBe(presented);
      if (i % 3 === 1) delivery.answered();
      else delivery.cut();
      expect(await sum()).toBe(presented);
    }
  });

  it('4: a refusal that needs no claim makes none', async () => {
    const challenge = await challengeFor(rig, price);
    const good = await paidCredential(rig, challenge);
    const wrong = serializeCredential({ challenge, payload: { preimage: '00'.repeat(32) } });
    for (const request of [
      withCredential(price, 'Payment nonsense'),
      withCredential(price, wrong),
      withCredential(price, good, good),
      withCredential(runes, good),
      withCredential({ ...price, body: Buffer.from('x') }, good),
    ]) {
      refusedWith(await rig.gate.admit(request, safe));
      expect(await rig.ledger.totals()).toEqual([]);
    }
    admittedTo(await rig.gate.admit(withCredential(price, good), safe));
  });

  it('5: a ledger that cannot answer refuses', async () => {
    const delivery = admittedTo(await rig.gate.admit(await paidRequest(rig), safe));
    await rig.ledger.close();
    const outcome = await delivery.commit();
    expect(outcome.ok ? 200 : outcome.answer.status).toBe(500);
  });

  it('6: an unpaid request changes nothing in the ledger', async () => {
    const { operations } = rig.ledger.stats;
    for (let i = 0; i < 20; i++) await rig.gate.admit(price, safe);
    expect(rig.ledger.stats.operations).toBe(operations);
    expect(await rig.ledger.totals()).toEqual([]);
  });

  it('7: no credential, preimage or secret is in an answer or an event', async () => {
    const challenge = await challengeFor(rig, price);
    const preimage = await pay(rig, challenge);
    const credential = serializeCredential({ challenge, payload: { preimage } });
    const said: unknown[] = [
      await rig.gate.admit(withCredential(runes, credential), safe),
      await rig.gate.admit(withCredential(price, `${credential}x`), safe),
      await rig.gate.admit(withCredential(price, credential, credential), safe),
    ];
    const delivery = admittedTo(await rig.gate.admit(withCredential(price, credential), safe));
    said.push(await delivery.commit());
    delivery.answered();
    said.push(await rig.gate.admit(withCredential(price, credential), safe));
    const text = JSON.stringify([said, rig.events], (_, value) =>
      typeof value === 'bigint' ? `${value}` : value,
    );
    for (const hidden of [preimage, credential.slice('Payment '.length), secret])
      expect(text).not.toContain(hidden);
  });

  it('8: what the buyer echoes decides nothing that the HMAC does not cover', async () => {
    const challenge = await challengeFor(rig, price);
    const preimage = await pay(rig, challenge);
    const { method, path, query } = runes;
    const moved = { ...challenge, opaque: resourceOpaque({ method, path, query }) };
    const credential = serializeCredential({ challenge: moved, payload: { preimage } });
    for (const request of [price, runes]) {
      expect(refusedWith(await rig.gate.admit(withCredential(request, credential), safe)).status).toBe(402);
    }
    expect(await rig.ledger.totals()).toEqual([]);
  });
});
