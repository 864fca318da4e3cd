import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeRequest, serializeCredential } from '@farebox/protocol';
import { stripe } from 'mppx/server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GateOptions, GateRequest, Terms } from '../index.js';
import {
  admittedTo,
  challengeFor,
  commit,
  openRig,
  price,
  problemOf,
  type Rig,
  refusedWith,
  runes,
  withCredential,
} from '../testing/rig.js';
import { type MppxMethod, mppxMethod, openSettlementFolder, type SettlementFolder } from './mppx.js';
import { Bank } from './testing/bank.js';

const offer = { method: 'bank', intent: 'charge', price: { amount: 500n, currency: 'chf' } } as const;
const safe: Terms = { route: 'GET /v1/*', effect: 'safe', offers: [offer] };

let rig: Rig;
let bank: Bank;
let folder: string;
let settlements: SettlementFolder;
const methods = (): Partial<GateOptions> => ({ methods: [mppxMethod(bank.method(), { settlements })] });
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farebox-settlements-'));
  settlements = await openSettlementFolder(folder);
  bank = new Bank();
  rig = await openRig(methods());
  rig.clock.nowMs = Date.now();
});
afterEach(async () => {
  await rig.close();
  await rm(folder, { recursive: true });
});

/** Asks for a challenge, and presents a token for it. */
async function paying(request: GateRequest = price, token = bank.issue('500')): Promise<GateRequest> {
  const challenge = await challengeFor(rig, request, safe);
  return withCredential(request, serializeCredential({ challenge, payload: { token } }));
}

const statusOf = async (request: GateRequest) => refusedWith(await rig.gate.admit(request, safe)).status;
const unavailable = {
  type: 'https://farebox.dev/problems/payment-service-unavailable',
  retry: 'same-credential',
};

describe('a method that was made for mppx', () => {
  it('sells: its request is in the challenge, its reference and its fields in the receipt', async () => {
    const request = await paying();
    const challenge = await challengeFor(rig, price, safe);
    expect(decodeRequest(challenge.request)).toEqual({ amount: '500', currency: 'chf' });
    const delivery = admittedTo(await rig.gate.admit(request, safe));
    const receipt = await commit(delivery);
    delivery.answered();
    expect(receipt).toMatchObject({ method: 'bank', reference: 'transfer-1', branch: 'Zurich' });
    expect(delivery.settlement.paid).toEqual({ amount: 500n, currency: 'chf' });
    expect(await statusOf(request)).toBe(402);
    expect(bank.transfers.size).toBe(1);
  });

  it('never sees a credential before the gate has checked it, nor in its request hook', async () => {
    const request = await paying();
    expect(await statusOf({ ...request, path: runes.path })).toBe(403);
    const challenge = await challengeFor(rig, price, safe);
    const forged = { ...challenge, request: 'eyJhbW91bnQiOiIxIiwiY3VycmVuY3kiOiJjaGYifQ' };
    const cheap = serializeCredential({ challenge: forged, payload: { token: bank.issue('1') } });
    expect(await statusOf(withCredential(price, cheap))).toBe(402);
    expect(bank.transfers.size).toBe(0);
    expect(bank.hooked.length).toBeGreaterThan(2);
    for (const context of bank.hooked) expect(context).toMatchObject({ credential: null });
  });

  it('refuses a bad proof without a trace, and takes the good one afterwards', async () => {
    const challenge = await challengeFor(rig, price, safe);
    const present = (payload: { [name: string]: string }) =>
      withCredential(price, serializeCredential({ challenge, payload }));
    const bad = refusedWith(await rig.gate.admit(present({ token: 'stolen' }), safe));
    expect(bad.status).toBe(402);
    expect(String(bad.body)).not.toContain('stolen');
    expect(await statusOf(present({ other: 'x' }))).toBe(402);
    expect(await readdir(folder)).toEqual([]);
    await commit(admittedTo(await rig.gate.admit(present({ token: bank.issue('500') }), safe)));
    for (const name of await readdir(folder))
      expect(await readFile(join(folder, name), 'utf8')).not.toContain('token-0');
  });

  it('redeems a credit without being asked again: at once, after a restart, and after its end', async () => {
    const request = await paying();
    await admittedTo(await rig.gate.admit(request, safe)).release();
    await admittedTo(await rig.gate.admit(request, safe)).release();
    const restarted = rig.again(methods());
    await admittedTo(await restarted.admit(request, safe)).release();
    rig.clock.nowMs += 3_600_000;
    await commit(admittedTo(await restarted.admit(request, safe)));
    expect(bank.transfers.size).toBe(1);
  });

  it('gives a credit to nobody who presents another proof', async () => {
    const challenge = await challengeFor(rig, price, safe);
    const present = (token: string) =>
      withCredential(price, serializeCredential({ challenge, payload: { token } }));
    await admittedTo(await rig.gate.admit(present(bank.issue('500')), safe)).release();
    const answer = refusedWith(await rig.gate.admit(present(bank.issue('500')), safe));
    expect(answer.status).toBe(402);
    expect(bank.transfers.size).toBe(1);
  });

  it('does not know what became of a lost answer, and does not ask for another payment', async () => {
    const request = await paying();
    bank.mood = 'loses its answer';
    const answer = refusedWith(await rig.gate.admit(request, safe));
    expect(answer.status).toBe(500);
    expect(problemOf(answer)).toMatchObject(unavailable);
    // Asked again it says that it was used already, which is no refusal of this buyer.
    bank.mood = 'pays';
    expect(await statusOf(request)).toBe(500);
    rig.clock.nowMs += 3_600_000;
    expect(await statusOf(request)).toBe(500);
    expect(bank.transfers.size).toBe(1);
  });

  it('is asked again with the same proof while it could not be reached, and serves when it was paid', async () => {
    const request = await paying();
    bank.mood = 'is closed';
    expect(await statusOf(request)).toBe(500);
    bank.mood = 'pays';
    await commit(admittedTo(await rig.gate.admit(request, safe)));
    expect(bank.transfers.size).toBe(1);
  });

  it('cannot be paid after the end of the challenge', async () => {
    const request = await paying();
    rig.clock.nowMs += 3_600_000;
    expect(await statusOf(request)).toBe(402);
    expect(bank.transfers.size).toBe(0);
  });

  it('settles one of 50 presentations at once', async () => {
    const request = await paying();
    const admissions = await Promise.all(Array.from({ length: 50 }, () => rig.gate.admit(request, safe)));
    expect(admissions.filter(({ kind }) => kind === 'admitted')).toHaveLength(1);
    expect(bank.transfers.size).toBe(1);
  });

  it('that names a reference which no ledger takes is booked under its hash, once', async () => {
    bank.mood = 'gives an odd reference';
    const request = await paying();
    const delivery = admittedTo(await rig.gate.admit(request, safe));
    const { reference } = await commit(delivery);
    delivery.answered();
    expect(reference).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(await statusOf(request)).toBe(402);
    expect(bank.transfers.size).toBe(1);
  });

  it('that names no reference is booked under the challenge', async () => {
    bank.mood = 'gives no reference';
    const delivery = admittedTo(await rig.gate.admit(await paying(), safe));
    expect((await commit(delivery)).reference).toBe(`challenge:${delivery.challengeId}`);
  });

  it('that would ask for another amount than the price sells nothing', async () => {
    const request = () => ({ amount: '5', currency: 'chf' });
    const gate = rig.again({ methods: [mppxMethod(bank.method(), { settlements, request })] });
    expect(refusedWith(await gate.admit(price, safe)).status).toBe(500);
  });

  it('takes a record that a crash cut off for an unknown outcome', async () => {
    const request = await paying();
    await admittedTo(await rig.gate.admit(request, safe)).release();
    for (const name of await readdir(folder)) await writeFile(join(folder, name), '');
    expect(await statusOf(request)).toBe(500);
    expect(bank.transfers.size).toBe(1);
  });

  it('forgets what is old when it is told to', async () => {
    await commit(admittedTo(await rig.gate.admit(await paying(), safe)));
    expect(await settlements.sweep(0)).toBe(0);
    expect(await settlements.sweep(Date.now() + 60_000)).toBe(1);
    expect(await readdir(folder)).toEqual([]);
  });
});

describe("mppx's own stripe method, with a card network of the tests", () => {
  const terms: Terms = { ...safe, offers: [{ ...offer, method: 'stripe' }] };
  /** What was charged, by Stripe's idempotency key. */
  let charged: Map<string, { amount: number }>;
  let answers: boolean;
  beforeEach(() => {
    charged = new Map();
    answers = true;
  });

  function stripeCharge(): MppxMethod {
    const create = async (intent: { amount: number }, { idempotencyKey }: { idempotencyKey: string }) => {
      const replayed = charged.has(idempotencyKey);
      charged.set(idempotencyKey, { amount: intent.amount });
      if (!answers) throw new Error('socket hang up');
      const lastResponse = { headers: replayed ? { 'idempotent-replayed': 'true' } : {} };
      return { id: `pi_${charged.size}`, status: 'succeeded', lastResponse };
    };
    const client = { paymentIntents: { create } } as never; // what mppx calls of Stripe's SDK
    return stripe.charge({ client, networkId: 'internal', paymentMethodTypes: ['card'] });
  }

  const sellWith = () => rig.again({ methods: [mppxMethod(stripeCharge(), { settlements })] });

  async function payingCard(gate: Rig['gate']): Promise<GateRequest> {
    const challenge = await challengeFor({ ...rig, gate }, price, terms);
    expect(decodeRequest(challenge.request)).toMatchObject({ amount: '500', currency: 'chf' });
    return withCredential(price, serializeCredential({ challenge, payload: { spt: 'spt_1' } }));
  }

  it('sells once, and redeems a credit that mppx itself would have refused', async () => {
    const gate = sellWith();
    const request = await payingCard(gate);
    await admittedTo(await gate.admit(request, terms)).release();
    const delivery = admittedTo(await gate.admit(request, terms));
    expect(await commit(delivery)).toMatchObject({ method: 'stripe', reference: 'pi_1' });
    delivery.answered();
    expect([...charged.values()]).toEqual([{ amount: 500 }]);
    expect(refusedWith(await gate.admit(request, terms)).status).toBe(402);
  });

  it('that lost the connection after the charge is unknown, although mppx calls it a failed verification', async () => {
    const gate = sellWith();
    const request = await payingCard(gate);
    answers = false;
    expect(refusedWith(await gate.admit(request, terms)).status).toBe(500);
    answers = true;
    expect(refusedWith(await gate.admit(request, terms)).status).toBe(500);
    expect([...charged.values()]).toEqual([{ amount: 500 }]);
  });
});
