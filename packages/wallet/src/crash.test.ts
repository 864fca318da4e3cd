import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lightningBuyer } from '@farebox/lightning';
import { PaperNode } from '@farebox/lightning/paper';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readAll } from './answer.js';
import type { Journal } from './journal.js';
import { openJournal } from './journal-sqlite.js';
import type { ResumeReport } from './resume-all.js';
import { RecordingNode } from './testing/purse.js';
import { RemoteNode, serveNode } from './testing/remote-node.js';
import { ask, deliver, Seller } from './testing/seller.js';
import { createWallet } from './wallet.js';

const childPath = fileURLToPath(new URL('./testing/crash-child.js', import.meta.url));

let directory = '';
let seller: Seller;
let node: RecordingNode;
let served: Awaited<ReturnType<typeof serveNode>>;
let journal: Journal;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'farebox-crash-'));
  seller = await new Seller().listen();
  node = new RecordingNode(seller.node);
  served = await serveNode(node);
  journal = openJournal({ path: join(directory, 'journal.db') });
});

afterEach(async () => {
  journal.close();
  await served.close();
  await seller.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Runs a buyer of its own process to its end, and says how it ended. */
async function runChild(
  crashAt: string,
): Promise<{ code: number | null; signal: string | null; said: string }> {
  const child = spawn(process.execPath, [childPath], {
    env: {
      ...process.env,
      CRASH_AT: crashAt,
      SELLER_URL: `${seller.url}/order`,
      NODE_URL: served.url,
      JOURNAL_PATH: join(directory, 'journal.db'),
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (data: Buffer) => {
    said += data.toString();
  });
  return new Promise((resolve) => child.on('exit', (code, signal) => resolve({ code, signal, said })));
}

async function resumeAll(): Promise<ResumeReport[]> {
  const lightning = lightningBuyer({ node: new RemoteNode(served.url), network: 'regtest' });
  // A little later: a dead process's last words may be on their way to the node for a moment.
  const wallet = createWallet({ methods: [lightning], journal, now: () => Date.now() + 5_000 });
  const reports: ResumeReport[] = [];
  for await (const report of wallet.resumeAll()) {
    if (report.ok && report.result.kind === 'delivered') await readAll(report.result.answer, 1_000);
    reports.push(report);
  }
  return reports;
}

const day = { rule: 'limits.day', windowMs: 86_400_000, limit: { amount: 9n, currency: 'sat' } };

const points: readonly [string, 'nothing' | 'not-paid' | 'delivered'][] = [
  ['before request 1', 'nothing'],
  ['after answer 1', 'nothing'],
  ['before planned', 'nothing'],
  ['after planned', 'not-paid'],
  ['before paying', 'not-paid'],
  ['after paying', 'not-paid'],
  ['before the node pays', 'not-paid'],
  ['after the node paid', 'delivered'],
  ['before paid', 'delivered'],
  ['after paid', 'delivered'],
  ['before presented', 'delivered'],
  ['after presented', 'delivered'],
  ['before request 2', 'delivered'],
  ['after answer 2', 'delivered'],
  ['before delivered', 'delivered'],
  ['after delivered', 'delivered'],
];

describe('kill -9 between every two steps', () => {
  it.each(points)('%s: afterwards %s', async (crashAt, expected) => {
    const end = await runChild(crashAt);
    expect(end, end.said).toMatchObject({ code: null, signal: 'SIGKILL' });
    const [found] = journal.standing([day], Date.now());
    const spentThen = (found?.spent ?? 0n) + (found?.reserved ?? 0n);
    const reports = await resumeAll();
    expect(reports.filter(({ ok }) => !ok)).toEqual([]);
    const [entry, ...others] = journal.list();
    expect(others).toEqual([]);
    expect(entry?.state ?? 'nothing').toBe(expected);
    expect(node.paid).toHaveLength(expected === 'delivered' ? 1 : 0);
    // The budget is true: it held whatever could have been paid, and when the last deadline has passed, what was.
    expect(spentThen).toBeGreaterThanOrEqual(BigInt(node.paid.length) * 1_000n);
    expect(journal.standing([day], Date.now() + 300_000)).toMatchObject([
      { spent: BigInt(node.paid.length) * 1_000n, reserved: 0n },
    ]);
    // Whoever presents, it is the same request with the same credential.
    const presented = seller.seen.filter(({ credential }) => credential !== undefined);
    expect(new Set(presented.map(({ headers }) => headers.authorization)).size).toBeLessThanOrEqual(1);
    for (const { method, url, body, headers } of presented) {
      expect([method, url, body, headers['x-order']]).toEqual(['POST', '/order', '{"order":1}', '1']);
    }
    // A second round has nothing left to do.
    const before = seller.seen.length;
    expect(await resumeAll()).toEqual([]);
    expect(seller.seen).toHaveLength(before);
  });

  it('without a crash the child delivers: the harness itself works', async () => {
    const end = await runChild('never');
    expect(end, end.said).toMatchObject({ code: 0, signal: null });
    expect(journal.list()[0]?.state).toBe('delivered');
  });
});

describe('several processes on one journal', () => {
  it('pay one challenge once', async () => {
    const challenge = await seller.challenge();
    seller.behave(({ seen, response }) =>
      seen.credential ? deliver(response, seen.credential) : ask(response, challenge),
    );
    const ends = await Promise.all([1, 2, 3, 4].map(() => runChild('never')));
    expect(ends.filter(({ code }) => code === 0)).toHaveLength(1);
    expect(node.paid).toHaveLength(1);
    expect(journal.list().map(({ state }) => state)).toEqual(['delivered']);
  });

  it('do not give up a payment that a living process is making', async () => {
    const plan = await planOf(seller);
    const planned = journal.plan(plan, Date.now());
    if (!planned.ok) throw new Error('not planned');
    journal.move(planned.entry.id, 'planned', 'paying', {}, Date.now());
    // As another, living process sees it: the row is of this process, which does not work on it from there.
    const foreign: Journal = Object.create(journal, {
      isOwn: { value: () => false },
      find: { value: (id: string) => journal.find(id) },
    });
    const lightning = lightningBuyer({ node, network: 'regtest' });
    const wallet = createWallet({ methods: [lightning], journal: foreign });
    await expect(wallet.resume(planned.entry.id)).rejects.toMatchObject({
      code: 'in_progress',
      retry: 'resume',
    });
    expect(journal.find(planned.entry.id)?.state).toBe('paying');
  });
});

async function planOf(from: Seller) {
  const challenge = await from.challenge({ node: new PaperNode() });
  const nowMs = Date.now();
  const sat = { amount: 1n, currency: 'sat' };
  return {
    challenge,
    price: sat,
    maxFee: sat,
    payee: '02',
    network: 'regtest',
    reference: 'a',
    expiresMs: nowMs + 60_000,
    payDeadlineMs: nowMs + 60_000,
  };
}
