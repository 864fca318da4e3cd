import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodeInvoice, lightningBuyer } from '@farebox/lightning';
import { PaperNode } from '@farebox/lightning/paper';
import { afterEach, describe, expect, it } from 'vitest';
import { readAll } from '../answer.js';
import { openJournal } from '../journal-sqlite.js';
import { outcomeIn } from '../states.js';
import { RecordingNode } from '../testing/purse.js';
import { RemoteNode, serveNode } from '../testing/remote-node.js';
import { ask, deliver, Seller } from '../testing/seller.js';
import { createWallet } from '../wallet.js';
import { budgetsIn } from './decide.js';
import { parsePolicy } from './file-parse.js';
import { satoshis } from './money.js';

/** How many agents buy at once, and how often each. The whole: `STORM_AGENTS=20 STORM_PURCHASES=100`. */
const agents = Number(process.env.STORM_AGENTS ?? 4);
const purchases = Number(process.env.STORM_PURCHASES ?? 10);
/** Time enough on a slow machine. */
const timeout = Math.max(300_000, agents * purchases * 1_000);
const seed = Number(process.env.STORM_SEED ?? Date.now() % 1_000_000);
/** Of so many chances in a row, one is the death of an agent. Every request to the seller and to the node is one, every payment two. */
const chancesPerDeath = Number(process.env.STORM_CHANCES ?? 20);
const feeMsat = 137n;
/** Less than what all of them want: two satoshis a purchase. */
const budgetSat = Math.floor((agents * purchases * 12) / 10);
const policyText = `limits: { payment: 3 sat, fee: 1 sat, day: ${budgetSat} sat }`;
const { policy } = parsePolicy(policyText, 'policy.yaml', satoshis);
const [budget] = budgetsIn(policy);
if (budget === undefined) throw new Error('no budget');

const childPath = fileURLToPath(new URL('../testing/storm-child.js', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'farebox-storm-'));
const path = join(directory, 'journal.db');

const closing: (() => unknown)[] = [() => rmSync(directory, { recursive: true, force: true })];
afterEach(async () => {
  for (const close of closing.reverse()) await close();
});

/** Mulberry32: the seed says who dies when, as far as the scheduler lets it. */
let state = seed;
function random(below: number): number {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
}

describe('many agents, one budget, and death at any moment', () => {
  it(`spends no satoshi too much, loses none and doubles none (seed ${seed})`, { timeout }, async () => {
    const living = new Set<ChildProcess>();
    let deaths = 0;
    let chances = 0;
    let fatal = 0;
    // Drawn for each row of chances, and not for each chance: no seed spares everybody.
    const death = () => {
      const at = chances++ % chancesPerDeath;
      if (at === 0) fatal = random(chancesPerDeath);
      if (at !== fatal) return;
      const victims = [...living];
      if (victims[random(Math.max(victims.length, 1))]?.kill('SIGKILL')) deaths += 1;
    };
    const seller = await new Seller(async ({ seen, response }) => {
      death();
      if (seen.credential) return deliver(response, seen.credential);
      // Long-lived: later the wallet's clock is put on.
      const life = { lifeMs: 900_000, invoiceSeconds: 900 };
      ask(response, await seller.challenge({ amountSat: BigInt(seen.url.slice(1)), ...life }));
    }).listen();
    closing.push(() => seller.close());
    const payer = new PaperNode({ payee: seller.node, feeMsat });
    const before = (await payer.balance()).spendableMsat;
    const node = new RecordingNode(payer);
    const served = await serveNode({
      capabilities: node.capabilities,
      info: () => node.info(),
      balance: () => node.balance(),
      close: () => node.close(),
      async payInvoice(request) {
        death();
        const paid = await node.payInvoice(request);
        death();
        return paid;
      },
      trackPayment(hash) {
        death();
        return node.trackPayment(hash);
      },
    });
    closing.push(() => served.close());

    const codes = new Map<string, number>();
    const run = (left: number) =>
      new Promise<number>((resolve) => {
        const child = fork(childPath, {
          env: {
            ...process.env,
            SELLER_URL: seller.url,
            NODE_URL: served.url,
            JOURNAL_PATH: path,
            POLICY: policyText,
            PURCHASES: String(left),
          },
          stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
        });
        living.add(child);
        let ended = 0;
        child.on('message', (code) => {
          ended += 1;
          codes.set(String(code), (codes.get(String(code)) ?? 0) + 1);
        });
        child.on('close', (code, signal) => {
          living.delete(child);
          expect(signal ?? code).toSatisfy((how) => how === 0 || how === 'SIGKILL');
          // What it died at is over; another one goes on with the rest.
          resolve(signal === null ? 0 : left - ended - 1);
        });
      });
    await Promise.all(
      Array.from({ length: agents }, async () => {
        for (let left = purchases; left > 0; ) left = await run(left);
      }),
    );

    const journal = openJournal({ path });
    closing.push(() => journal.close());
    const spentMsat = async () => before - (await payer.balance()).spendableMsat;
    expect(await spentMsat()).toBeLessThanOrEqual(BigInt(budgetSat) * 1000n);

    // Finish what the dead have left. A little later: their last words may be on their way to the node for a moment.
    const lightning = lightningBuyer({ node: new RemoteNode(served.url), network: 'regtest' });
    let clockMs = 5_000;
    const wallet = createWallet({ methods: [lightning], journal, policy, now: () => Date.now() + clockMs });
    for await (const report of wallet.resumeAll()) {
      if (!report.ok) throw report.error;
      if (report.result.kind === 'delivered') await readAll(report.result.answer, 1_000);
    }
    const entries = [...journal.each()];
    const paid = entries.filter((entry) => entry.paid !== undefined);
    // None lost: what was paid is delivered, and nothing is left to do.
    expect(journal.unfinished()).toEqual([]);
    expect(entries.filter((entry) => !['delivered', 'not-sent'].includes(outcomeIn(entry)))).toEqual([]);
    expect(entries.filter((entry) => outcomeIn(entry) === 'delivered')).toHaveLength(paid.length);
    // None doubled: one payment of the node for each that the journal knows of, and one delivery.
    const hashes = node.paid.map(({ invoice }) => {
      const decoded = decodeInvoice(invoice);
      return decoded.ok ? decoded.value.paymentHash : '';
    });
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(new Set(paid.map(({ reference }) => reference))).toEqual(new Set(hashes));
    expect(new Set(seller.credentials.map(({ challenge }) => challenge.id)).size).toBe(paid.length);
    // The budget is true, to the millisatoshi, when the last deadline has passed.
    clockMs = 180_000;
    const standing = () => journal.standing([budget], Date.now() + clockMs)[0];
    expect(standing()).toMatchObject({ spent: await spentMsat(), reserved: 0n });
    // And it is used up: what is left is less than the cheapest purchase and its fee.
    const last = { url: `${seller.url}/1` };
    living.clear();
    let refusal: unknown;
    while (refusal === undefined) {
      const result = await wallet.pay(last).catch((error: unknown) => {
        refusal = error;
      });
      if (result) await readAll(result.answer, 1_000);
    }
    expect(refusal).toMatchObject({ code: 'over_budget', rule: 'limits.day' });
    expect(await spentMsat()).toBeLessThanOrEqual(BigInt(budgetSat) * 1000n);
    expect(standing()?.left).toBeLessThan(2_000n);
    expect(standing()?.spent).toBe(await spentMsat());
    if (process.env.STORM_REPORT) {
      const report = { agents, purchases, seed, deaths, budgetSat, spentMsat: String(await spentMsat()) };
      console.log(JSON.stringify({ ...report, paid: paid.length, ended: Object.fromEntries(codes) }));
    }
    expect(deaths).toBeGreaterThan(0);
  });
});
