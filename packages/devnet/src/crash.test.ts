import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startDevnet } from './devnet.js';
import { balanceOf, eventually, expectSpendable } from './testing/fixtures.js';

const kills = Number(process.env.DEVNET_KILLS ?? 5);
const childPath = fileURLToPath(new URL('./testing/crash-child.js', import.meta.url));

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'devnet-crash-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

interface Life {
  readonly made: Set<string>;
  readonly paid: Map<string, string>;
}

/** Runs the child until it has paid `untilPaid` times, lets it go on for a random moment, and kills it. */
async function liveAndDie(seen: Life, untilPaid: number): Promise<void> {
  const child: ChildProcess = spawn(process.execPath, [childPath, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.stdout === null) throw new Error('The child has no stdout.');
  // Not its exit: whatever it said is read by then, and belongs to this life.
  const over = once(child, 'close');
  const complaints: string[] = [];
  let paidNow = 0;
  const enough = new Promise<void>((resolve) => {
    createInterface({ input: child.stdout ?? process.stdin }).on('line', (line) => {
      const [word, hash = '', preimage = ''] = line.split(' ');
      if (word === 'made') seen.made.add(hash);
      if (word === 'paid') seen.paid.set(hash, preimage);
      if (word === 'lost' || /closed|cannot/.test(line)) complaints.push(line);
      if (word === 'paid' && ++paidNow === untilPaid) resolve();
    });
  });
  await Promise.race([enough, over]);
  // The random moment is the test's subject: anywhere inside a payment.
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
  child.kill('SIGKILL');
  await over;
  expect(complaints).toEqual([]);
  expect(paidNow).toBeGreaterThanOrEqual(untilPaid);
}

it(`survives ${kills} SIGKILLs in mid-payment with every success, preimage and channel`, async () => {
  const seen: Life = { made: new Set(), paid: new Map() };
  for (let i = 0; i < kills; i++) await liveAndDie(seen, 1 + Math.floor(Math.random() * 10));

  const log: string[] = [];
  const devnet = await startDevnet({ directory, log: (line) => log.push(line) });
  try {
    let settled = 0;
    for (const paymentHash of seen.made) {
      // What was on its way when it was killed comes to its end now.
      await eventually(async () => (await devnet.wallet.trackPayment(paymentHash)).status !== 'in-flight');
      const state = await devnet.wallet.trackPayment(paymentHash);
      const told = seen.paid.get(paymentHash);
      if (told !== undefined) expect(state).toEqual({ status: 'succeeded', preimage: told, feeMsat: 0n });
      if (state.status !== 'succeeded') continue;
      settled++;
      const preimage = Buffer.from(state.preimage, 'hex');
      expect(createHash('sha256').update(preimage).digest('hex')).toBe(paymentHash);
      const invoice = await devnet.merchant.lookupInvoice(paymentHash);
      expect(invoice).toMatchObject({ status: 'settled', receivedMsat: 1000n });
    }
    expect(settled).toBeGreaterThanOrEqual(seen.paid.size);
    expect(log.filter((line) => line.includes('closed'))).toEqual([]);

    const { invoice } = await devnet.merchant.createInvoice({
      amountMsat: 1000n,
      description: 'after the crashes',
      expirySeconds: 600,
    });
    const paid = await devnet.wallet.payInvoice({ invoice, maxFeeMsat: 0n, timeoutMs: 90_000 });
    expect(paid.status).toBe('succeeded');
    // What is in flight after a kill ends at the restart: nothing was invented and nothing lost.
    const left = 9_900_000_000n - 1000n * BigInt(settled + 1);
    await expectSpendable(devnet.wallet, left);
    const receivable = { receivableMsat: left };
    expect(await balanceOf(devnet.merchant, receivable)).toMatchObject(receivable);
  } finally {
    await devnet.close();
  }
}, 600_000);
