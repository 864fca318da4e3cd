import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Devnet, startDevnet } from './devnet.js';
import { newState, writeState } from './state.js';
import { anInvoice, eventually, expectSpendable, newSecret, succeeded } from './testing/fixtures.js';

const terms = { maxFeeMsat: 0n, timeoutMs: 110_000 };
/** For what starts several, one after the other, where there are few cores. */
const several = { timeout: 600_000 };
let directory: string;
let running: Devnet | undefined;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'devnet-directory-'));
});
afterEach(async () => {
  await running?.close();
  running = undefined;
  rmSync(directory, { recursive: true, force: true });
});

async function start(): Promise<Devnet> {
  running = await startDevnet({ directory });
  return running;
}

/** Nobody but its user may look into it. */
function expectPrivate(): void {
  const names = readdirSync(directory);
  expect(names).toContain('wallet.snapshot');
  for (const name of names) expect(statSync(join(directory, name)).mode & 0o077, name).toBe(0);
}

describe('a restart', () => {
  it(
    'finds what only its user can read, and keeps nodes, chain, balances, and what became of every invoice and payment',
    several,
    async () => {
      const first = await start();
      const ids = [(await first.merchant.info()).nodeId, (await first.wallet.info()).nodeId];
      const paid = await first.merchant.createInvoice(anInvoice());
      const success = succeeded(await first.wallet.payInvoice({ invoice: paid.invoice, ...terms }));
      const cancelled = await first.merchant.createInvoice(anInvoice());
      await first.merchant.cancelInvoice(cancelled.paymentHash);
      const failed = await first.wallet.payInvoice({ invoice: cancelled.invoice, ...terms });
      const open = await first.merchant.createInvoice(anInvoice());
      const { preimage, paymentHash } = newSecret();
      const held = await first.merchant.holdInvoice({ ...anInvoice(), paymentHash });
      const paying = first.wallet.payInvoice({ invoice: held.invoice, ...terms });
      await eventually(async () => (await first.merchant.lookupInvoice(paymentHash))?.status === 'held');
      const settled = await first.merchant.lookupInvoice(paid.paymentHash);
      const tip = await first.bitcoinRpc('getbestblockhash');
      await first.close();
      expect(await paying).toEqual({ status: 'in-flight' });
      expectPrivate();

      const { merchant, wallet, bitcoinRpc } = await start();
      expect([(await merchant.info()).nodeId, (await wallet.info()).nodeId]).toEqual(ids);
      expect(await bitcoinRpc('getbestblockhash')).toBe(tip);
      expect(await wallet.trackPayment(paid.paymentHash)).toEqual(success);
      expect(await wallet.trackPayment(cancelled.paymentHash)).toEqual(failed);
      expect(await merchant.lookupInvoice(paid.paymentHash)).toEqual(settled);
      expect(await merchant.lookupInvoice(cancelled.paymentHash)).toEqual({ status: 'cancelled' });
      expect(await merchant.lookupInvoice(open.paymentHash)).toEqual({ status: 'open' });
      // The held payment is still held, and still ours to decide.
      expect(await merchant.lookupInvoice(paymentHash)).toEqual({ status: 'held' });
      expect(await wallet.trackPayment(paymentHash)).toEqual({ status: 'in-flight' });
      await merchant.settleHold(preimage);
      await eventually(async () => (await wallet.trackPayment(paymentHash)).status !== 'in-flight');
      expect(await wallet.trackPayment(paymentHash)).toEqual({ status: 'succeeded', preimage, feeMsat: 0n });
      // Neither a paid nor a cancelled invoice became payable again; an open one still is.
      expect(await wallet.payInvoice({ invoice: paid.invoice, ...terms })).toEqual(success);
      expect((await wallet.payInvoice({ invoice: cancelled.invoice, ...terms })).status).toBe('failed');
      succeeded(await wallet.payInvoice({ invoice: open.invoice, ...terms }));
      await expectSpendable(wallet, 9_900_000_000n - 3_000n);
    },
  );
});

describe('a directory', () => {
  it('has one devnet at a time, in this process and in others', several, async () => {
    const child = fileURLToPath(new URL('./testing/crash-child.js', import.meta.url));
    await start();
    await expect(startDevnet({ directory })).rejects.toThrow('Another devnet uses');
    const other = spawn(process.execPath, [child, directory]);
    let complaint = '';
    other.stderr.on('data', (data) => {
      complaint += data;
    });
    // Not its exit: what it said is read by then.
    const [code] = await once(other, 'close');
    expect(code).not.toBe(0);
    expect(complaint).toContain('Another devnet uses');
    await running?.close();
    await start();
  });

  it('whose first start was killed at any moment starts afresh', several, async () => {
    const child = fileURLToPath(new URL('./testing/crash-child.js', import.meta.url));
    for (const file of ['lock', 'blocks', 'wallet.snapshot']) {
      const doomed = spawn(process.execPath, [child, directory], { stdio: 'ignore' });
      const exited = once(doomed, 'exit');
      await eventually(() => readdirSync(directory).includes(file));
      doomed.kill('SIGKILL');
      await exited;
    }
    const { merchant, wallet } = await start();
    const { invoice } = await merchant.createInvoice(anInvoice());
    succeeded(await wallet.payInvoice({ invoice, ...terms }));
  });

  it('that is not a devnet of this version, or of another shape, is refused and left alone', async () => {
    const state = join(directory, 'devnet-state.json');
    const text = '{"format":2,"network":"regtest","router":false,"seed":"00"}';
    writeFileSync(state, text);
    await expect(startDevnet({ directory })).rejects.toThrow('remove the directory');
    expect(readFileSync(state, 'utf8')).toBe(text);
    writeState(directory, newState(false));
    await expect(startDevnet({ directory, router: true })).rejects.toThrow('without a router');
  });

  it('that is lost under a running devnet stops it: nothing leaves a node that is not on disk', async () => {
    const log: string[] = [];
    running = await startDevnet({ directory, log: (line) => log.push(line) });
    const { invoice } = await running.merchant.createInvoice(anInvoice());
    rmSync(directory, { recursive: true });
    expect(await running.wallet.payInvoice({ invoice, ...terms })).toEqual({ status: 'in-flight' });
    await expect(running.wallet.info()).rejects.toMatchObject({ code: 'node_unreachable' });
    expect(log.at(-1)).toContain('The devnet cannot go on');
  });

  it('with a damaged snapshot is refused', async () => {
    await (await start()).close();
    writeFileSync(join(directory, 'merchant.snapshot'), 'nonsense');
    await expect(startDevnet({ directory })).rejects.toThrow(/snapshot|devnet cannot go on/);
  });
});
