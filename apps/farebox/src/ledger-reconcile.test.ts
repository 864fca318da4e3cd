import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Devnet, type DevnetServer, serveDevnet, startDevnet, writeDevnetFile } from '@farebox/devnet';
import type { Amount } from '@farebox/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onlyLines } from './ledger/testing/json-lines.js';
import { configOf, requestOf, withLedger } from './ledger/testing/shop-ledger.js';
import { only, run } from './testing/run.js';

let devnet: Devnet;
let server: DevnetServer;
let home = '';
let config = '';
let count = 0;

beforeAll(async () => {
  devnet = await startDevnet();
  server = await serveDevnet(devnet);
  home = mkdtempSync(join(tmpdir(), 'farebox-reconcile-'));
  await writeDevnetFile(home, { url: server.url, token: server.token });
  config = join(home, 'farebox.yaml');
  writeFileSync(config, configOf('sqlite:shop.db', 'lightning: { node: { kind: devnet } }\n'));
});
afterAll(async () => {
  await server.close();
  await devnet.close();
  rmSync(home, { recursive: true, force: true });
});

const invoice = (amountMsat: bigint) =>
  devnet.merchant.createInvoice({ amountMsat, description: 'test, regtest', expirySeconds: 600 });

/** Pays the merchant for real; its payment hash. */
async function pay(amountMsat: bigint): Promise<string> {
  const made = await invoice(amountMsat);
  const paid = await devnet.wallet.payInvoice({ invoice: made.invoice, maxFeeMsat: 0n, timeoutMs: 60_000 });
  expect(paid.status).toBe('succeeded');
  return made.paymentHash;
}

/** Presents a payment: a claim, as the gate would make it. */
function present(reference: string, paid: Amount, nowMs = Date.now()): Promise<unknown> {
  const request = requestOf(++count, { reference, paid, nowMs });
  return withLedger(join(home, 'shop.db'), (ledger) => ledger.deliver(request));
}

const sat = (amount: bigint): Amount => ({ amount, currency: 'sat' });
const reconcile = (...words: string[]) => run(home, ['ledger', 'reconcile', '-c', config, ...words]);

async function compared(...words: string[]) {
  const { code, stdout, stderr } = await reconcile('--json', ...words);
  expect(stderr).toBe('');
  const rows = onlyLines(stdout);
  return { code, summary: rows.at(-1), differences: rows.slice(0, -1) };
}

describe('reconcile', () => {
  it('agrees, then names each difference between the node and the ledger, once', async () => {
    await present(await pay(1000n), sat(1n));
    await present(await pay(2500n), { amount: 2500n, currency: 'msat' });
    const agreed = await compared();
    expect(agreed).toMatchObject({
      code: 0,
      differences: [],
      summary: { type: 'summary', ok: true, settled: 2, settledMsat: '3500', presented: 2, differences: 0 },
    });

    const lost = await pay(3000n);
    const unknown = 'ab'.repeat(32);
    await present(unknown, sat(4n));
    const unpaid = (await invoice(5000n)).paymentHash;
    await present(unpaid, sat(5n));
    const short = await pay(6000n);
    await present(short, sat(7n));
    const different = await compared();
    expect(different.code).toBe(1);
    expect(different.summary).toMatchObject({ ok: false, settled: 4, settledMsat: '12500', presented: 5 });
    const named = different.differences.map(({ type, kind, reference }) => `${type} ${kind} ${reference}`);
    expect(named.sort()).toEqual([
      `difference amount_differs ${short}`,
      `difference never_presented ${lost}`,
      `difference not_settled ${unpaid}`,
      `difference unknown_to_node ${unknown}`,
    ]);
    const differs = different.differences.find(({ kind }) => kind === 'amount_differs');
    expect(differs).toMatchObject({ claim: 5, amount: '7', currency: 'sat', receivedMsat: '6000' });

    const { code, stdout } = await reconcile();
    expect(code).toBe(1);
    expect(stdout).toMatch(new RegExp(`settled, never presented +${lost}: 3000 msat, `));
    expect(stdout).toMatch(new RegExp(`presented, unknown to node +${unknown}: claim 3, 4 sat`));
    expect(stdout).toMatch(
      new RegExp(`presented, not settled +${unpaid}: claim 4, 5 sat.*the invoice is open`),
    );
    expect(stdout).toMatch(new RegExp(`amounts differ +${short}: claim 5, 7 sat.*received 6000 msat`));
    expect(stdout).toContain('4 settled (12500 msat), 5 presented, 4 differences.');
    expect(stdout).toContain('presented');
  });

  it('does not miss a payment that was presented after the period in which it settled', async () => {
    const late = await pay(1000n);
    await present(late, sat(1n), Date.now() + 3_600_000);
    const until = new Date(Date.now() + 1_000).toISOString();
    const { differences } = await compared('--until', until);
    expect(differences.map(({ reference }) => reference)).not.toContain(late);
  });

  it('leaves other payment methods alone, and says so', async () => {
    const { summary } = await compared();
    expect(summary?.notCompared).toEqual({});
    expect((await reconcile()).stdout).not.toContain('Not compared');
    await withLedger(join(home, 'shop.db'), (ledger) =>
      ledger.deliver(requestOf(++count, { method: 'tempo', nowMs: Date.now() })),
    );
    expect((await compared()).summary).toMatchObject({
      presented: summary?.presented,
      notCompared: { tempo: 1 },
    });
    expect((await reconcile()).stdout).toContain('Not compared: 1 payment by tempo;');
  });

  it('says what to do without a node, and when the node does not answer', async () => {
    const free = join(home, 'free.yaml');
    writeFileSync(free, configOf('sqlite:shop.db'));
    const without = await run(home, ['ledger', 'reconcile', '-c', free, '--json']);
    expect([without.code, only(without.stderr)]).toMatchObject([1, { error: { code: 'no_node' } }]);
    expect((await run(home, ['ledger', 'reconcile', '-c', free])).stderr).not.toContain('Comparing');
    const elsewhere = mkdtempSync(join(tmpdir(), 'farebox-nowhere-'));
    try {
      const lonely = await run(elsewhere, ['ledger', 'reconcile', '-c', config, '--json']);
      expect([lonely.code, only(lonely.stderr)]).toMatchObject([
        2,
        { error: { code: 'node_config_invalid' } },
      ]);
      await writeDevnetFile(elsewhere, { url: 'http://127.0.0.1:1', token: server.token });
      const silent = await run(elsewhere, ['ledger', 'reconcile', '-c', config, '--json']);
      expect([silent.code, only(silent.stderr)]).toMatchObject([3, { error: { code: 'node_unreachable' } }]);
      expect(silent.stderr).not.toContain(server.token);
    } finally {
      rmSync(elsewhere, { recursive: true, force: true });
    }
  });
});
