import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { httpRpc, tempoBuyer, tempoChain } from '@farebox/tempo';
import { createWallet, type Journal, type ResumeReport, readAll } from '@farebox/wallet';
import { openJournal } from '@farebox/wallet/journal-sqlite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openTempoMarket, type Person, type TempoMarket } from '../interop/tempo-market.js';

// Our wallet at our gate on a real chain. The wallet is killed between every two steps, and then resumes: the payer is
// debited at most once, exactly when the resource was delivered, and the journal says which.

const childPath = fileURLToPath(new URL('./tempo-crash-child.js', import.meta.url));
const price = 250_000n;

let market: TempoMarket;
let directory = '';
let journal: Journal;
let payer: Person;
let merchant: Person;
let sellerUrl = '';

beforeAll(async () => {
  market = await openTempoMarket(4217);
});
afterAll(() => market.close());

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'farebox-tempo-crash-'));
  journal = openJournal({ path: join(directory, 'journal.db') });
  [payer, merchant] = [await market.person(1_000_000n), await market.person(1n)];
  sellerUrl = (await market.ourSeller(price, { recipient: merchant.address })).url;
});
afterEach(() => {
  journal.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Runs a buyer of its own process until it ends, and says how it ended. */
async function runChild(crashAt: string, resume = false) {
  const child = spawn(process.execPath, [childPath], {
    env: {
      ...process.env,
      CRASH_AT: crashAt,
      SELLER_URL: `${sellerUrl}/note`,
      RPC_URL: market.devnet.url,
      TOKEN: market.token,
      PRIVATE_KEY: payer.privateKey,
      JOURNAL_PATH: join(directory, 'journal.db'),
      ...(resume && { RESUME: '1' }),
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (data: Buffer) => {
    said += data.toString();
  });
  return new Promise<{ code: number | null; signal: string | null; said: string }>((resolve) =>
    child.on('exit', (code, signal) => resolve({ code, signal, said })),
  );
}

async function crash(at: string, resume = false): Promise<void> {
  const end = await runChild(at, resume);
  expect(end, end.said).toMatchObject({ code: null, signal: 'SIGKILL' });
}

/** How far the clocks of wallet and chain have been put forward together, milliseconds. */
async function resumeAll(laterMs = 5_000): Promise<ResumeReport[]> {
  const rpc = httpRpc({ url: market.devnet.url });
  const now = () => Date.now() + laterMs;
  const tempo = tempoBuyer({
    account: payer.account,
    chain: tempoChain(rpc),
    chainId: 4217,
    currencies: [market.token],
    now,
  });
  const wallet = createWallet({ methods: [tempo], journal, now });
  const reports: ResumeReport[] = [];
  for await (const report of wallet.resumeAll()) {
    if (report.ok && report.result.kind === 'delivered') await readAll(report.result.answer, 1_000);
    reports.push(report);
  }
  rpc.close();
  return reports;
}

type End = 'nothing' | 'not-paid' | 'delivered';

/** Resumes to the end, and holds journal and chain against each other. */
async function expectEnd(expected: End): Promise<void> {
  expect((await resumeAll()).filter(({ ok }) => !ok)).toEqual([]);
  const [entry, ...others] = journal.list();
  expect(others).toEqual([]);
  expect(entry?.state ?? 'nothing').toBe(expected);
  expect(entry?.payload).toBeUndefined();
  const received = (await market.devnet.balance(merchant.address)) - 1n;
  const spent = 1_000_000n - (await market.devnet.balance(payer.address));
  expect(received).toBe(expected === 'delivered' ? price : 0n);
  expect(spent - received).toBeGreaterThanOrEqual(0n);
  expect(spent - received).toBeLessThanOrEqual(expected === 'delivered' ? (entry?.fee?.amount ?? 0n) : 0n);
  // A second round has nothing left to do.
  expect(await resumeAll()).toEqual([]);
}

/** `npm test` takes every third point; `CRASH_POINTS=all` takes all. */
function some<T>(all: readonly T[]): readonly T[] {
  if (process.env.CRASH_POINTS === 'all') return all;
  return all.filter((_, at) => at % 3 === 0);
}

const points: readonly [string, End][] = [
  ['before request 1', 'nothing'],
  ['after request 1', 'nothing'],
  ['before planned', 'nothing'],
  ['after planned', 'not-paid'],
  ['before paying', 'not-paid'],
  ['after paying', 'not-paid'],
  ['before signing', 'not-paid'],
  // Signed, and gone with the process: nobody has seen it.
  ['after signing', 'not-paid'],
  ['before paid', 'not-paid'],
  // Written down, and not presented: resuming never pays, and this would.
  ['after paid', 'not-paid'],
  ['before presented', 'not-paid'],
  // From here on a seller may have seen it: the same bytes are presented again.
  ['after presented', 'delivered'],
  ['before request 2', 'delivered'],
  ['after request 2', 'delivered'],
  ['before delivered', 'delivered'],
  ['after delivered', 'delivered'],
];

describe('kill -9 between every two steps of a payment over Tempo', () => {
  it.each(some(points))('%s: afterwards %s', async (crashAt, expected) => {
    await crash(crashAt);
    await expectEnd(expected);
  });

  it('without a crash the child delivers: the harness itself works', async () => {
    const end = await runChild('never');
    expect(end, end.said).toMatchObject({ code: 0, signal: null });
    await expectEnd('delivered');
  });
});

describe('kill -9 while resuming', () => {
  const again: readonly [string, string, End][] = [
    // Carried out, the answer lost: the chain is asked, its word written down, the same bytes presented.
    ['after request 2', 'before asking', 'delivered'],
    ['after request 2', 'after asking', 'delivered'],
    ['after request 2', 'before settled', 'delivered'],
    ['after request 2', 'after settled', 'delivered'],
    ['after request 2', 'after presented', 'delivered'],
    ['after request 2', 'after request 1', 'delivered'],
    ['after request 2', 'before delivered', 'delivered'],
    // Presented on paper only: the seller carries it out now.
    ['before request 2', 'after presented', 'delivered'],
    ['before request 2', 'after request 1', 'delivered'],
    // Never presented.
    ['after paid', 'before not-paid', 'not-paid'],
    ['after paid', 'after not-paid', 'not-paid'],
  ];
  it.each(some(again))('paying %s, then resuming %s: afterwards %s', async (first, second, expected) => {
    await crash(first);
    await crash(second, true);
    await expectEnd(expected);
  });
});

describe('what was signed and is too late', () => {
  it('is certainly not paid once the chain is past it, and nothing is presented any more', async () => {
    await crash('before request 2');
    await market.devnet.increaseTime(60);
    const reports = await resumeAll(65_000);
    expect(reports).toMatchObject([{ ok: true, result: { kind: 'finished', entry: { state: 'not-paid' } } }]);
    expect(journal.list()[0]?.payload).toBeUndefined();
    expect(await market.devnet.balance(payer.address)).toBe(1_000_000n);
  });
});
