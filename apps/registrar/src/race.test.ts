import { startTempoDevnet, type TempoDevnet } from '@farebox/devnet/tempo';
import type { TempoAccount } from '@farebox/tempo';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findDomain } from './store/domains.js';
import { accountSums, balanceOf } from './store/entries.js';
import { countLocks } from './store/locks.js';
import {
  ask,
  fundedAccount,
  newAgent,
  payLightning,
  type Read,
  registerPath,
  signTempo,
} from './testing/client.js';
import { openRig, type Rig } from './testing/rig.js';

/** Agents in the race; the big size is run by hand: REGISTRAR_RACE_AGENTS=200. */
const racers = Number(process.env.REGISTRAR_RACE_AGENTS ?? 12);
/** Unpaid orders; the big size is run by hand: REGISTRAR_SQUAT_ORDERS=10000. */
const squats = Number(process.env.REGISTRAR_SQUAT_ORDERS ?? 200);

let chain: TempoDevnet;
beforeAll(async () => {
  chain = await startTempoDevnet();
});
afterAll(() => chain.close());

async function withRig(
  options: Parameters<typeof openRig>[0],
  work: (rig: Rig) => Promise<void>,
): Promise<void> {
  const rig = await openRig(options);
  await work(rig).finally(() => rig.close());
}

const json = { domain: 'wanted', namespace: 'agent', years: 1 };

/** Everything that was ever paid is sold, or on somebody's balance, to the last unit. */
async function expectBalanced(rig: Rig): Promise<void> {
  const sums = await rig.db.read(accountSums);
  const byCurrency = new Map<string, bigint>();
  for (const { currency, amount } of sums)
    byCurrency.set(currency, (byCurrency.get(currency) ?? 0n) + amount);
  expect([...byCurrency.values()].filter((sum) => sum !== 0n)).toEqual([]);
  for (const { method, state, paid } of await rig.ledger.totals()) {
    expect(['answered', 'delivered', 'cut']).toContain(state);
    const booked = sums.find(
      ({ account, currency }) => account === `payment:${method}` && currency === paid.currency,
    );
    expect(booked?.amount).toBe(-paid.amount);
  }
}

describe(`${racers} agents who want one name`, () => {
  it(
    'at once: one is asked to pay and owns it, the others are unpaid',
    { timeout: 120_000 + racers * 2_000 },
    () =>
      withRig({ chain }, async (rig) => {
        const agents = await Promise.all(Array.from({ length: racers }, () => newAgent(rig)));
        const answers = await Promise.all(agents.map(({ key }) => ask(rig, registerPath, { json, key })));
        const asked = answers.flatMap((answer, n) => (answer.status === 402 ? [n] : []));
        expect(asked).toHaveLength(1);
        expect(answers.filter(({ status }) => status === 423)).toHaveLength(racers - 1);
        await expectBalanced(rig);
      }),
  );

  it(
    'who have all been asked, one lock after the other: one owner, everybody else keeps what they paid',
    { timeout: 120_000 + racers * 4_000 },
    () =>
      withRig({ chain, lockLifeMs: 3_600_000 }, async (rig) => {
        const agents = await Promise.all(Array.from({ length: racers }, () => newAgent(rig)));
        // Each lets go of the lock and keeps the challenge.
        const orders: {
          readonly id: string;
          readonly key: string;
          readonly Authorization: string;
          readonly onTempo: boolean;
        }[] = [];
        const offers: {
          readonly agent: { readonly id: string; readonly key: string };
          readonly asked: Read;
          readonly account: TempoAccount | undefined;
        }[] = [];
        for (const [n, agent] of agents.entries()) {
          const asked = await ask(rig, registerPath, { json, key: agent.key });
          await ask(rig, '/api/v1/domains/wanted.agent/reset-lock', { method: 'POST', key: agent.key });
          const account = n % 2 === 0 ? await fundedAccount(chain, 2_000_000n) : undefined;
          offers.push({ agent, asked, account });
        }
        // Signed at the end, since what is signed on Tempo is good for 25 seconds only.
        for (const { agent, asked, account } of offers) {
          const Authorization = account
            ? await signTempo(chain, account, asked)
            : await payLightning(rig, asked);
          orders.push({ ...agent, Authorization, onTempo: account !== undefined });
        }
        const present = ({ key, Authorization }: (typeof orders)[number]) =>
          ask(rig, registerPath, { json, key, headers: { Authorization } });
        const done = await Promise.all(orders.map(present));
        const winners = done.flatMap(({ status }, n) => (status === 200 ? [n] : []));
        expect(winners).toHaveLength(1);
        const winner = orders[winners[0] ?? -1];
        const owned = await rig.db.read((sql) => findDomain(sql, 'wanted.agent', rig.clock.nowMs));
        expect(owned?.owner).toBe(winner?.id);
        let moved = winner?.onTempo === true ? 520_000n : 0n;
        for (const [n, order] of orders.entries()) {
          if (order === winner) continue;
          const balance = await rig.db.read((sql) => balanceOf(sql, order.id));
          const kept = done[n]?.body.code === 'kept-as-balance';
          // What had moved already is on the balance; what had not moved does not move for a name that is gone.
          if (!order.onTempo) expect(kept).toBe(true);
          expect([409, 423]).toContain(done[n]?.status);
          expect(balance).toBe(kept ? 520_000n : 0n);
          if (order.onTempo && kept) moved += 520_000n;
        }
        expect(await chain.balance(rig.recipient)).toBe(moved);
        await expectBalanced(rig);
        // And it can be spent, on another name.
        const loser =
          orders.find(({ onTempo }) => !onTempo && winner?.onTempo !== false) ??
          orders.find((each) => each !== winner && !each.onTempo);
        const other = { ...json, domain: 'instead', payment_method: 'gems' };
        expect((await ask(rig, registerPath, { json: other, key: loser?.key })).status).toBe(201);
      }),
  );
});

describe(`${squats} unpaid orders`, () => {
  it(
    'from one identity and one address hold no more names than they may, and those are free again',
    { timeout: 120_000 + squats * 100 },
    () =>
      withRig({ caps: { perHolder: 5, perClient: 8 } }, async (rig) => {
        const { key } = await newAgent(rig);
        const other = await newAgent(rig);
        const counts = new Map<number, number>();
        const together = 20;
        for (let begun = 0; begun < squats; begun += together) {
          const answers = await Promise.all(
            Array.from({ length: Math.min(together, squats - begun) }, (_, n) =>
              ask(rig, registerPath, {
                json: { ...json, domain: `squat${begun + n}` },
                key: n % 2 === 0 ? key : other.key,
              }),
            ),
          );
          for (const { status } of answers) counts.set(status, (counts.get(status) ?? 0) + 1);
        }
        expect([...counts]).toEqual(
          expect.arrayContaining([
            [402, 8],
            [429, squats - 8],
          ]),
        );
        const locked = () => rig.db.read((sql) => countLocks(sql, 'client', '127.0.0.1', rig.clock.nowMs));
        expect(await locked()).toBe(8);
        // Nothing of it is ownership.
        expect((await ask(rig, '/api/v1/my-domains', { key })).body.data).toEqual([]);
        rig.clock.nowMs += 10 * 60_000 + 1;
        expect(await locked()).toBe(0);
        const free = await newAgent(rig);
        expect(
          (await ask(rig, registerPath, { json: { ...json, domain: 'squat0' }, key: free.key })).status,
        ).toBe(402);
      }),
  );
});
