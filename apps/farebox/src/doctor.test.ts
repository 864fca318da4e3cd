import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Devnet, type DevnetServer, serveDevnet, startDevnet, writeDevnetFile } from '@farebox/devnet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configOf } from './ledger/testing/shop-ledger.js';
import { only, run } from './testing/run.js';

let devnet: Devnet;
let server: DevnetServer;
let home = '';
let config = '';

beforeAll(async () => {
  devnet = await startDevnet();
  server = await serveDevnet(devnet);
  home = mkdtempSync(join(tmpdir(), 'farebox-doctor-'));
  await writeDevnetFile(home, { url: server.url, token: server.token });
  config = join(home, 'farebox.yaml');
  writeFileSync(config, configOf('sqlite:shop.db', 'lightning: { node: { kind: devnet } }\n'));
});
afterAll(async () => {
  await server.close();
  await devnet.close();
  rmSync(home, { recursive: true, force: true });
});

describe('farebox doctor node', () => {
  it('finds a node that can be sold with, and moves no money', async () => {
    const before = (await devnet.wallet.balance()).spendableMsat;
    const { code, stdout } = await run(home, ['doctor', 'node', '-c', config, '--json']);
    const report = only(stdout);
    expect([code, report.ok, report.purpose]).toEqual([0, true, 'sell']);
    expect(JSON.stringify(report.findings)).toContain('It makes invoices.');
    expect((await devnet.wallet.balance()).spendableMsat).toBe(before);
  });

  it('pays one satoshi when it is told to', async () => {
    const before = (await devnet.wallet.balance()).spendableMsat;
    const words = ['doctor', 'node', '-c', config, '--pay-with', config];
    const { code, stdout } = await run(home, words);
    expect([code, stdout.includes('It can be sold with.')]).toEqual([0, true]);
    expect(before - (await devnet.wallet.balance()).spendableMsat).toBe(1_000n);
  });

  it('says that a node cannot be reached, and how to name one', async () => {
    const lonely = join(home, 'lonely.yaml');
    const node = '{ kind: lnd, url: "http://127.0.0.1:1", macaroon_file: m, network: regtest }';
    writeFileSync(lonely, configOf('sqlite:shop.db', `lightning: { node: ${node} }\n`));
    writeFileSync(join(home, 'm'), 'a macaroon that is none');
    const { code, stderr, stdout } = await run(home, ['doctor', 'node', '-c', lonely, '--json']);
    expect([1, 3]).toContain(code);
    expect(stdout + stderr).not.toContain('a macaroon that is none');
    const none = join(home, 'none.yaml');
    writeFileSync(none, configOf('sqlite:shop.db', ''));
    expect((await run(home, ['doctor', 'node', '-c', none])).code).toBe(2);
  });
});
