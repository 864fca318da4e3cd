import { type StoredAnswer, storedAnswerBytesMax, storedHeadersLengthMaxChars } from '@farebox/ledger';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GateRequest, Terms } from './terms.js';
import {
  admittedTo,
  idempotent,
  once,
  openRig,
  paidRequest,
  problemOf,
  type Rig,
  refusedWith,
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
const answerOf = (changes: Partial<StoredAnswer>): StoredAnswer => ({
  status: 201,
  headers: ['Content-Type', 'text/plain'],
  body: Buffer.from('the goods'),
  ...changes,
});
const chargedAlways: Terms = { ...once, chargeOn: 'any-response' };

// docs/reliability.md: what cannot be kept is delivered all the same; it is only not given again.
describe.each<[string, StoredAnswer]>([
  ['fields above the bound', answerOf({ headers: ['Link', 'x'.repeat(storedHeadersLengthMaxChars)] })],
  [
    'fields above the bound as JSON',
    answerOf({ headers: ['Link', '"'.repeat(storedHeadersLengthMaxChars / 2)] }),
  ],
  ['a field without a value', answerOf({ headers: ['Link'] })],
  ['a body above the bound', answerOf({ body: new Uint8Array(storedAnswerBytesMax + 1) })],
  ['a status that HTTP has not', answerOf({ status: 799 })],
])('an answer with %s', (_, answer) => {
  it.each([
    ['once', chargedAlways, 'Answer Lost'],
    ['idempotent', { ...idempotent, chargeOn: 'any-response' } as const, undefined],
  ])('is delivered on a %s route, and not kept', async (_route, terms, lost) => {
    const request = await paidRequest(rig, order, terms);
    const delivery = admittedTo(await rig.gate.admit(request, terms));
    expect(delivery.charges(answer.status)).toBe(true);
    expect(await delivery.commit(answer.status, answer)).toMatchObject({ ok: true });
    expect(await rig.ledger.find(delivery.challengeId)).toMatchObject({
      state: 'delivered',
      answerKept: false,
    });
    delivery.cut();
    const again = await rig.gate.admit(request, terms);
    if (lost === undefined) admittedTo(again).answered();
    else expect(problemOf(refusedWith(again)).title).toBe(lost);
  });
});
