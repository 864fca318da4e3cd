import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createVault, withAccounts } from '@farebox/wallet/vault';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { only, run } from '../../../apps/farebox/dist/testing/run.js';
import { Shop } from '../../../apps/farebox/dist/testing/shop.js';
import { type Backing, startBacking } from '../nodes/backing.js';
import { type OwnCertificate, selfSigned } from '../nodes/certificate.js';
import type { Facade } from '../nodes/facade.js';
import { serveLndFacade } from '../nodes/lnd-facade.js';
import { bakeMacaroon, payMacaroonOperations } from '../nodes/lnd-macaroon.js';
import { servePhoenixdFacade } from '../nodes/phoenixd-facade.js';

// A wallet that pays with nodes of its own: facades of LND and of phoenixd, in front of the devnet's nodes.

const passphrase = 'correct horse battery staple';
const password = 'phoenix-full-0123456789abcdef';
const macaroon = bakeMacaroon(payMacaroonOperations);
let backing: Backing;
let certificate: OwnCertificate;
let lnd: Facade;
let phoenixd: Facade;
let shop: Shop;
let home = '';

beforeAll(async () => {
  backing = await startBacking();
  certificate = selfSigned();
  const macaroons = new Map([[macaroon.toString('hex'), payMacaroonOperations]]);
  lnd = await serveLndFacade({ backing, certificate, macaroons });
  phoenixd = await servePhoenixdFacade(backing, { full: password, limited: 'limited' });
  shop = await new Shop(backing.honest.merchant).listen();
  home = mkdtempSync(join(tmpdir(), 'farebox-wallet-node-'));
  const document = withAccounts(
    { phrase: 'test test test test test test test test test test test junk', accounts: [] },
    { names: ['main', 'agent'], withoutTempo: true, nowMs: Date.now() },
  );
  await createVault({ path: join(home, 'vault.age'), passphrase, document, workFactor: 4 });
  writeFileSync(join(home, 'pay.macaroon'), macaroon, { mode: 0o600 });
  writeFileSync(join(home, 'tls.cert'), certificate.cert);
  writeFileSync(join(home, 'password.txt'), `${password}\n`, { mode: 0o600 });
});
afterAll(async () => {
  await shop.close();
  for (const facade of [lnd, phoenixd]) await facade.close();
  await backing.close();
  rmSync(home, { recursive: true, force: true });
});

async function farebox(...words: string[]) {
  const ran = await run(home, [...words, '--json'], '', { FAREBOX_PASSPHRASE: passphrase });
  for (const secret of [passphrase, password, macaroon.toString('hex')]) {
    expect(ran.stdout + ran.stderr).not.toContain(secret);
  }
  return { code: ran.code, said: only(ran.code === 0 ? ran.stdout : ran.stderr) };
}

const spendable = async () => (await backing.honest.wallet.balance()).spendableMsat;
const setLnd = (...more: string[]) =>
  farebox(
    ...['wallet', 'node', 'set', 'lnd', '--url', `https://127.0.0.1:${lnd.port}`],
    ...['--macaroon-file', join(home, 'pay.macaroon'), ...more],
  );
const setPhoenixd = (...more: string[]) =>
  farebox(
    ...['wallet', 'node', 'set', 'phoenixd', '-a', 'agent', '--url', `http://127.0.0.1:${phoenixd.port}`],
    ...['--password-file', join(home, 'password.txt'), ...more],
  );

describe('an account with an LND', () => {
  it('takes it only when its certificate is trusted and its macaroon is accepted', async () => {
    expect(await setLnd()).toMatchObject({ code: 3 });
    const trusted = ['--tls-cert-file', join(home, 'tls.cert')];
    expect(await setLnd(...trusted, '--network', 'mainnet')).toMatchObject({ said: { ok: false } });
    expect(await farebox('wallet', 'node', 'show')).toMatchObject({ code: 0, said: { node: null } });
    expect(await setLnd(...trusted)).toMatchObject({
      code: 0,
      said: { account: { name: 'main' }, node: { kind: 'lnd', network: 'regtest', feesUncapped: false } },
    });
  });

  it('pays with it, without the file of its certificate and macaroon, and tells what it has', async () => {
    for (const name of ['pay.macaroon', 'tls.cert']) rmSync(join(home, name));
    const before = await spendable();
    const { code, said } = await farebox('pay', 'request', `${shop.url}/price/7`, '--yes');
    expect([code, said]).toMatchObject([0, { paid: true, cost: { amount: '7' }, body: { rate: 1 } }]);
    const spent = before - (await spendable());
    expect(spent >= 7_000n && spent <= 17_000n).toBe(true);
    expect(await farebox('wallet', 'balance')).toMatchObject({
      code: 0,
      said: {
        account: { name: 'main' },
        lightning: { kind: 'lnd', network: 'regtest', spendable: { amount: String(await spendable()) } },
      },
    });
  });
});

describe('an account with a phoenixd, which bounds no fees', () => {
  it('is not taken unless that is allowed, and then pays', async () => {
    expect(await setPhoenixd()).toMatchObject({ code: 5, said: { error: { code: 'fees_uncapped' } } });
    expect(await setPhoenixd('--allow-uncapped-fees')).toMatchObject({
      code: 0,
      said: { account: { name: 'agent' }, node: { kind: 'phoenixd', feesUncapped: true } },
    });
    const paid = await farebox('pay', 'request', `${shop.url}/price/5`, '--yes', '-a', '1');
    expect(paid).toMatchObject({ code: 0, said: { paid: true, cost: { amount: '5' } } });
  });
});

it('an invoice of another network than the node’s is not paid', async () => {
  const offline = ['--offline', '--network', 'mainnet', '--allow-uncapped-fees'];
  expect(await setPhoenixd(...offline)).toMatchObject({ code: 0, said: { node: { network: 'mainnet' } } });
  const before = await spendable();
  const asked = await farebox('pay', 'request', `${shop.url}/price/5`, '--yes', '-a', 'agent');
  expect(asked).toMatchObject({ code: 5, said: { paid: false } });
  expect(await spendable()).toBe(before);
  expect(await farebox('wallet', 'node', 'remove', '-a', 'agent', '--yes')).toMatchObject({ code: 0 });
  expect(await farebox('wallet', 'node', 'show', '-a', 'agent')).toMatchObject({ said: { node: null } });
});
