import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTempoDevnet, type TempoDevnet } from '@farebox/devnet/tempo';
import { openSqliteReader } from '@farebox/ledger';
import { decodeRequest, serializeCredential } from '@farebox/protocol';
import { newPrivateKey, ownAccount, type TempoAccount } from '@farebox/tempo';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountSums } from './store/entries.js';
import { openSqliteStore } from './store/sqlite.js';
import {
  ask,
  challengeOf,
  fundedAccount,
  newAgent,
  type Read,
  registerPath,
  signTempo,
} from './testing/client.js';
import { type ExternalRegistry, startExternalRegistry } from './testing/external-registry.js';
import { type Killable, startKillable } from './testing/killable.js';

/** Every point between payment, registration, zone write and answer; those first that are reached with few rounds. */
const points = [
  'after write 2',
  'after claim 1',
  'after settle 1',
  'before write 2',
  'after write 1',
  'before claim 1',
  'before settle 1',
  'before answered 1',
  'after answered 1',
  'before write 1',
];
const externalPoints = ['after registry 1', 'before registry 1', 'before write 3', 'after write 3'];
/** Kills in all; the big size is run by hand: REGISTRAR_KILL_ROUNDS=200. */
const rounds = Number(process.env.REGISTRAR_KILL_ROUNDS ?? 3);

let chain: TempoDevnet;
let account: TempoAccount;
/** Tempo payments that were signed; each of them is made in the end. */
let signedSoFar = 0;
/** A registrar that was killed is started anew, and must still find the payment good: longer than the 25 seconds of a wallet. */
const signatureLifeS = 240;
beforeAll(async () => {
  chain = await startTempoDevnet();
  const own = await fundedAccount(chain, 10_000_000_000n);
  account = {
    address: own.address,
    keyType: own.keyType,
    signTransaction: (payment) =>
      own.signTransaction({
        ...payment,
        // The chain takes an expiring nonce for 30 seconds at most; one of the account's own needs more gas.
        ...{ nonceKey: 0n, nonce: signedSoFar++, gas: payment.gas + 1_000_000n },
        validBefore: Math.floor(Date.now() / 1_000) + signatureLifeS,
      }),
    signTypedData: (data) => own.signTypedData(data),
  };
});
afterAll(() => chain.close());

describe(`a registrar that is killed ${rounds} times in the middle of paid orders`, () => {
  it('loses no name, sells none twice and charges nobody twice', { timeout: 300_000 + rounds * 20_000 }, () =>
    withFolder((folder) => killAround(folder, points, rounds, undefined)),
  );

  it('also with a registry elsewhere, which acts once for each order', {
    timeout: 300_000 + rounds * 20_000,
  }, async () => {
    const registry = await startExternalRegistry();
    const some = Math.max(2, Math.floor(rounds / 4));
    await withFolder((folder) => killAround(folder, externalPoints, some, registry)).finally(registry.close);
    expect(registry.acted).toBe(some);
    expect(registry.registered.size).toBe(some);
  });
});

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'farebox-registrar-kill-'));
  await work(folder).finally(() => rm(folder, { recursive: true }));
}

async function killAround(
  folder: string,
  at: readonly string[],
  times: number,
  registry: ExternalRegistry | undefined,
): Promise<void> {
  const recipient = ownAccount({ privateKey: newPrivateKey() }).address;
  const environment = {
    FOLDER: folder,
    RPC_URL: chain.url,
    TOKEN: chain.tokens.pathUsd,
    RECIPIENT: recipient,
    REGISTRY_URL: registry?.url ?? '',
  };
  let running = await startKillable(environment);
  try {
    const { key } = await newAgent(running);
    let tempoOrders = 0n;
    for (let round = 0; round < times; round++) {
      const json = { domain: `name${round}`, namespace: 'agent', years: 1 };
      const asked = await ask(running, registerPath, { json, key });
      const onTempo = round % 2 === 0;
      if (onTempo) tempoOrders += 1n;
      const Authorization = onTempo ? await signTempo(chain, account, asked) : await paidBy(running, asked);
      const order = { json, key, headers: { Authorization } };
      const where = at[round % at.length] ?? '';
      await running.say(`arm ${where}`);
      const first = await ask(running, registerPath, order).catch(() => undefined);
      await running.dead;
      running = await startKillable(environment);
      // Whoever got the answer before the end is served; whoever did not sends the very same again.
      const again = first?.status === 200 ? first : await ask(running, registerPath, order);
      expect([where, again.status, again.body.domain]).toEqual([where, 200, `name${round}.agent`]);
      const owner = await ask(running, '/api/v1/my-domains?after=', { key });
      expect(JSON.stringify(owner.body.data)).toContain(`"name${round}.agent"`);
    }
    await running.end();
    expect(await chain.balance(recipient)).toBe(tempoOrders * 520_000n);
    await audit(folder, tempoOrders, BigInt(times) - tempoOrders);
  } finally {
    await running.end();
  }
}

/** Each order was booked once, here and in the gate's ledger, and nothing is left owed. */
async function audit(folder: string, tempoOrders: bigint, lightningOrders: bigint): Promise<void> {
  const db = openSqliteStore(join(folder, 'registrar.db'));
  const sums = await db.read(accountSums);
  await db.close();
  const sale = (method: string) =>
    sums.find(({ account: name }) => name === `payment:${method}`)?.amount ?? 0n;
  expect(sale('tempo')).toBe(-520_000n * tempoOrders);
  expect(sale('lightning')).toBe(-1_000n * lightningOrders);
  expect(
    sums.map(({ account: name }) => name).filter((name) => name === 'balance' || name === 'converted'),
  ).toEqual([]);
  const reader = await openSqliteReader({ path: join(folder, 'ledger.db') });
  const paid = { tempo: 0n, lightning: 0n };
  for await (const { state, method, paid: each } of reader.claims({})) {
    expect(['delivered', 'answered', 'cut']).toContain(state);
    paid[method === 'tempo' ? 'tempo' : 'lightning'] += each.amount;
  }
  await reader.close();
  expect(paid).toEqual({ tempo: 520_000n * tempoOrders, lightning: 1_000n * lightningOrders });
}

async function paidBy(registrar: Killable, asked: Read): Promise<string> {
  const challenge = challengeOf(asked, 'lightning');
  const details = decodeRequest(challenge.request)?.methodDetails;
  const invoice =
    typeof details === 'object' && details !== null && 'invoice' in details ? details.invoice : '';
  const preimage = await registrar.say(`pay ${String(invoice)}`);
  return serializeCredential({ challenge, payload: { preimage } });
}
