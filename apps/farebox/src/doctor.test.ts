import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Devnet, type DevnetServer, serveDevnet, startDevnet, writeDevnetFile } from '@farebox/devnet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configOf } from './ledger/testing/shop-ledger.js';
import { only, run } from './testing/run.js';
import { newHome, passphrase, placeVault } from './vault/testing/vault-home.js';

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

  it('finds a node that can be paid with, named by the environment, and moves no money', async () => {
    const bare = join(home, 'bare.yaml');
    writeFileSync(bare, configOf('sqlite:shop.db', ''));
    const before = (await devnet.wallet.balance()).spendableMsat;
    const words = ['doctor', 'node', '--for', 'pay', '-c', bare, '--json'];
    const { code, stdout } = await run(home, words, '', { FAREBOX_NODE_KIND: 'devnet' });
    const report = only(stdout);
    expect([code, report.ok, report.purpose]).toEqual([0, true, 'pay']);
    expect(JSON.stringify(report.findings)).toContain('It can spend');
    expect((await devnet.wallet.balance()).spendableMsat).toBe(before);
    expect((await run(home, words)).code).toBe(2);
  });

  it('does not blame the seller for a payer that refuses, and has a limit for the fee', async () => {
    const poor = join(home, 'poor.yaml');
    writeFileSync(join(home, 'password'), 'x');
    const node = '{ kind: phoenixd, url: "http://127.0.0.1:1", password_file: password, network: regtest }';
    writeFileSync(poor, configOf('sqlite:shop.db', `lightning: { node: ${node} }\n`));
    const words = ['doctor', 'node', '-c', config, '--pay-with', poor];
    const { code, stdout } = await run(home, words);
    expect([code, stdout.includes('the node of --pay-with did not pay')]).toEqual([4, true]);
    // phoenixd says who it is; its fee is known beforehand, so it is not asked to pay.
    const phoenixd = createServer((_, response) => void response.end('{"chain":"regtest","nodeId":"02aa"}'));
    await new Promise<void>((resolve) => phoenixd.listen(0, '127.0.0.1', resolve));
    const address = phoenixd.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    writeFileSync(
      poor,
      configOf('sqlite:shop.db', `lightning: { node: ${node.replace(':1"', `:${port}"`)} }\n`),
    );
    const limited = await run(home, [...words, '--max-fee', '1sat', '--json']);
    phoenixd.close();
    expect([limited.code, only(limited.stdout).ok]).toEqual([4, true]);
    expect(JSON.stringify(only(limited.stdout).findings)).toContain('fee cap of 1000 msat');
    expect((await run(home, [...words, '--max-fee', '1pathUSD'])).code).toBe(2);
  });

  it('examines the node of an account of the vault, and says what goes with what', async () => {
    const none = await run(home, ['doctor', 'node', '-a', 'work']);
    expect([none.code, none.stderr.includes('There is no vault')]).toEqual([2, true]);
    const node = {
      kind: 'phoenixd',
      settings: { url: 'http://127.0.0.1:1' },
      secret: 'x',
      network: 'regtest',
      payer: 'phoenixd:x',
      feesUncapped: true,
    };
    const kept = newHome();
    await placeVault(kept, ['main', 'agent'], { main: node });
    const environment = { FAREBOX_PASSPHRASE: passphrase };
    const away = await run(kept, ['doctor', 'node', '-a', 'main', '--json'], '', environment);
    expect([away.code, only(away.stdout).purpose]).toEqual([3, 'pay']);
    const empty = await run(kept, ['doctor', 'node', '-a', 'agent'], '', environment);
    expect([empty.code, empty.stderr.includes('farebox wallet node set')]).toEqual([2, true]);
    rmSync(kept, { recursive: true, force: true });
    for (const words of [
      ['-a', '0', '--for', 'sell'],
      ['--for', 'pay', '--pay-with', config],
      ['--for', 'spend'],
    ]) {
      expect((await run(home, ['doctor', 'node', '-c', config, ...words])).code).toBe(2);
    }
  });

  it('says that a node cannot be reached, and how to name one', async () => {
    const phoenixd = '{ kind: phoenixd, url: "http://127.0.0.1:1", password_env: PASSWORD }';
    const lonely = join(home, 'lonely.yaml');
    const node = '{ kind: lnd, url: "http://127.0.0.1:1", macaroon_file: m, network: regtest }';
    writeFileSync(lonely, configOf('sqlite:shop.db', `lightning: { node: ${node} }\n`));
    writeFileSync(join(home, 'm'), 'a macaroon that is none');
    const { code, stderr, stdout } = await run(home, ['doctor', 'node', '-c', lonely, '--json']);
    expect(code).toBe(2);
    expect(stdout + stderr).not.toContain('a macaroon that is none');
    rmSync(join(home, 'm'));
    expect((await run(home, ['doctor', 'node', '-c', lonely])).code).toBe(2);
    writeFileSync(lonely, configOf('sqlite:shop.db', `lightning: { node: ${phoenixd} }\n`));
    expect((await run(home, ['doctor', 'node', '-c', lonely], '', { PASSWORD: 'x' })).code).toBe(3);
    const none = join(home, 'none.yaml');
    writeFileSync(none, configOf('sqlite:shop.db', ''));
    expect((await run(home, ['doctor', 'node', '-c', none])).code).toBe(2);
  });
});
