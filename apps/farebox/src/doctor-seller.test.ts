import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeChargeRequest } from '@farebox/lightning';
import { PaperNode } from '@farebox/lightning/paper';
import { type Challenge, decodeRequest, encodeRequest, serializeChallenge } from '@farebox/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lightningExaminer } from './commands/doctor-lightning.js';
import { tempoExaminer } from './commands/doctor-tempo.js';
import { judgeKey, type KnownKey } from './commands/doctor-tempo-key.js';
import { checkOutput } from './testing/checked-output.js';
import { only, run } from './testing/run.js';
import { Shop } from './testing/shop.js';

let home = '';
let shop: Shop;
let tempoShop: Server;
let tempoUrl = '';
const node = new PaperNode();

const token = '0x20c0000000000000000000000000000000000000';
const recipient = `0x${'11'.repeat(20)}` as const;

function tempoChallenge(details: object = { chainId: 4217, supportedModes: ['pull'] }): Challenge {
  return {
    id: 'doctor-0123456789abcdef',
    realm: 'shop.example',
    method: 'tempo',
    intent: 'charge',
    request: encodeRequest({ amount: '20000', currency: token, recipient, methodDetails: { ...details } }),
    expires: new Date(Date.now() + 300_000).toISOString(),
  };
}

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'farebox-doctor-seller-'));
  shop = await new Shop(node).listen();
  tempoShop = createServer((_request, response) => {
    response
      .writeHead(402, {
        'www-authenticate': serializeChallenge(tempoChallenge()),
        'cache-control': 'no-store',
      })
      .end();
  });
  await new Promise<void>((resolve) => tempoShop.listen(0, '127.0.0.1', resolve));
  // A TCP server that listens has an address of this form.
  tempoUrl = `http://127.0.0.1:${(tempoShop.address() as AddressInfo).port}/`;
});
afterAll(async () => {
  await shop.close();
  tempoShop.closeAllConnections();
  await new Promise((resolve) => tempoShop.close(resolve));
  rmSync(home, { recursive: true, force: true });
});

describe('farebox doctor <url>', () => {
  it('finds what is wrong, whose fault it is and what to do; exit 1; never spends', async () => {
    const { code, stdout } = await run(home, [
      'doctor',
      `${shop.url}/price/2`,
      '--json',
      '--no-wallet',
      '-H',
      'Authorization: Bearer hd_agent_secret',
    ]);
    checkOutput(['doctor'], stdout);
    const report = only(stdout);
    expect([code, report.ok, report.spent]).toEqual([1, false, false]);
    const findings = report.findings as {
      code: string;
      level: string;
      blame: string | null;
      next: string | null;
    }[];
    const find = (name: string) => findings.find((finding) => finding.code === name);
    expect(find('authorization_replaced')).toMatchObject({
      level: 'fault',
      blame: 'you',
      next: expect.stringContaining('X-API-Key'),
    });
    // This shop takes any credential: it does not look at the proof.
    expect(find('delivers_unpaid')).toMatchObject({ level: 'fault', blame: 'seller' });
    expect(find('invoice')).toMatchObject({ level: 'ok' });
    expect(stdout).not.toContain('hd_agent_secret');
  });

  it('says of a Tempo price that there is no key, and does not blame the challenge', async () => {
    const { code, stdout } = await run(home, ['doctor', tempoUrl, '--json', '--no-rehearse'], '', {
      FAREBOX_TEMPO_RPC: 'http://127.0.0.1:1',
    });
    checkOutput(['doctor'], stdout);
    expect(code).toBe(1);
    const faults = (
      only(stdout).findings as { level: string; area: string; code: string; blame: string }[]
    ).filter(({ level }) => level === 'fault');
    expect(faults).toContainEqual(expect.objectContaining({ area: 'wallet', code: 'no_key', blame: 'you' }));
    expect(faults.filter(({ blame }) => blame === 'seller')).toEqual([]);
  });

  it('wants to know what to look at', async () => {
    const { code, stderr } = await run(home, ['doctor']);
    expect([code, stderr.includes('farebox doctor <url>')]).toEqual([2, true]);
  });
});

describe('a lightning charge, point by point', () => {
  const nowMs = Date.now();

  async function examine(changes: {
    readonly amountSat?: bigint;
    readonly network?: 'regtest' | 'mainnet';
    readonly hash?: string;
    readonly expires?: string;
    readonly invoice?: string;
  }) {
    const created = await node.createInvoice({ amountMsat: 2_000n, description: 'x', expirySeconds: 120 });
    const {
      amountSat = 2n,
      network = 'regtest',
      hash = created.paymentHash,
      invoice = created.invoice,
    } = changes;
    const request = writeChargeRequest({ amountSat, invoice, paymentHash: hash, network });
    const challenge: Challenge = {
      id: 'a',
      realm: 'r',
      method: 'lightning',
      intent: 'charge',
      request: encodeRequest({ ...request }),
      expires: changes.expires ?? new Date(nowMs + 60_000).toISOString(),
    };
    const findings = await lightningExaminer.examine(
      challenge,
      decodeRequest(challenge.request) ?? {},
      nowMs,
    );
    return findings.filter(({ level }) => level === 'fault').map(({ code, blame }) => `${code} ${blame}`);
  }

  it('that is right has no faults', async () => {
    expect(await examine({})).toEqual([]);
  });

  it.each([
    ['another amount', { amountSat: 3n }, 'amount_mismatch seller'],
    ['another network', { network: 'mainnet' as const }, 'network_mismatch seller'],
    [
      'another payment hash',
      { hash: createHash('sha256').update('x').digest('hex') },
      'hash_mismatch seller',
    ],
    [
      'an expiry after that of its invoice',
      { expires: new Date(nowMs + 3_600_000).toISOString() },
      'expires_after_invoice seller',
    ],
    ['an invoice that is none', { invoice: 'lnbcrt1oops' }, 'invoice_malformed seller'],
  ])('with %s', async (_name, changes, fault) => {
    expect(await examine(changes)).toContain(fault);
  });
});

describe('a tempo charge, point by point', () => {
  async function examine(details: object) {
    const challenge = tempoChallenge(details);
    const findings = await tempoExaminer.examine(
      challenge,
      decodeRequest(challenge.request) ?? {},
      Date.now(),
    );
    return findings
      .filter(({ level }) => level !== 'ok')
      .map(({ level, code, blame }) => `${level} ${code} ${blame}`);
  }

  it.each([
    ['that is right', { chainId: 4217, supportedModes: ['pull'] }, []],
    ['without its chain', { supportedModes: ['pull'] }, ['warning chain_missing seller']],
    [
      'that the client has to broadcast',
      { chainId: 4217, supportedModes: ['push'] },
      ['warning push_only seller'],
    ],
    [
      'with a memo of its own',
      { chainId: 4217, memo: `0x${'22'.repeat(32)}` },
      ['fault memo_unbound seller'],
    ],
    ['with a chain that is no number', { chainId: 'main' }, ['fault request_malformed seller']],
  ])('%s', async (_name, details, expected) => {
    expect(await examine(details)).toEqual(expected);
  });
});

describe('an access key', () => {
  const key = `0x${'33'.repeat(20)}` as const;
  const known = {
    timeS: 1_000,
    carriesPermission: false,
    account: { address: recipient, keyType: 'secp256k1', accessKey: { address: key } },
    prices: [],
  } as const;
  const registered = {
    status: 'registered',
    keyType: 'secp256k1',
    expiresS: 2_000,
    allowances: undefined,
    scopes: undefined,
  } as const;

  it.each<[string, KnownKey, string, string]>([
    [
      'that the chain does not know',
      { ...known, state: { status: 'missing' } },
      'fault',
      'key_not_registered',
    ],
    [
      'that brings its permission along',
      { ...known, carriesPermission: true, state: { status: 'missing' } },
      'note',
      'key_pending',
    ],
    ['that was revoked', { ...known, state: { status: 'revoked' } }, 'fault', 'key_revoked'],
    ['that has expired', { ...known, state: { ...registered, expiresS: 1_000 } }, 'fault', 'key_expired'],
    [
      'that has nothing left',
      { ...known, state: { ...registered, allowances: [{ token, remaining: 0n }] } },
      'fault',
      'key_limit',
    ],
    [
      'whose limit is below the price',
      {
        ...known,
        prices: [{ amount: 10_000n, currency: token }],
        state: { ...registered, allowances: [{ token, remaining: 5_000n }] },
      },
      'fault',
      'key_limit',
    ],
    [
      'that may not spend this token',
      { ...known, prices: [{ amount: 1n, currency: token }], state: { ...registered, allowances: [] } },
      'fault',
      'key_limit',
    ],
    [
      'that may sign',
      { ...known, state: { ...registered, allowances: [{ token, remaining: 1n }] } },
      'ok',
      'access_key',
    ],
  ])('%s', async (_name, judged, level, code) => {
    const finding = await judgeKey(judged, await import('@farebox/wallet/doctor'));
    expect(finding).toMatchObject({ level, code });
    if (level === 'fault') expect(finding.blame).toBe('you');
    if (code === 'key_limit') {
      const raised = judged.prices[0]?.amount === 10_000n ? '1.01pathUSD' : '1.000001pathUSD';
      expect(finding.next).toContain(`farebox wallet tempo authorize ${key} --limit ${raised} --yes`);
    }
    if (code === 'key_not_registered') {
      expect(finding.text).toContain('AccountKeychainError(KeyNotFound)');
      expect(finding.text).toContain('The challenge is not to blame');
      expect(finding.next).toContain('without a root account');
    }
  });
});
