import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { type Devnet, type DevnetServer, serveDevnet, startDevnet, writeDevnetFile } from '@farebox/devnet';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { byHandRecipe } from './commands/by-hand.js';
import { only, run } from './testing/run.js';
import { Shop } from './testing/shop.js';

let devnet: Devnet;
let server: DevnetServer;
let shop: Shop;
let home = '';

beforeAll(async () => {
  devnet = await startDevnet();
  server = await serveDevnet(devnet);
  shop = await new Shop(devnet.merchant).listen();
});

afterAll(async () => {
  await shop.close();
  await server.close();
  await devnet.close();
});

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'farebox-cli-'));
  await writeDevnetFile(home, { url: server.url, token: server.token });
  shop.asked.length = 0;
  shop.broken = false;
});

afterEach(() => rmSync(home, { recursive: true, force: true }));

const farebox = (...words: string[]) => run(home, words);
const spendable = async () => (await devnet.wallet.balance()).spendableMsat;

describe('by hand (R60)', () => {
  it('invoice → preimage → credential → answer, and never twice', async () => {
    const response = await fetch(shop.url);
    const challenge = response.headers.get('www-authenticate') ?? '';
    const preview = only((await farebox('pay', 'request', shop.url, '--json')).stdout);
    // The preview's own challenge has another invoice; this one is that of the challenge above.
    const request = /request="([^"]+)"/.exec(challenge)?.[1] ?? '';
    const invoice = /"invoice":"([a-z0-9]+)"/.exec(Buffer.from(request, 'base64url').toString())?.[1] ?? '';
    expect(preview.challenge).toMatchObject({ invoice: expect.stringMatching(/^lnbcrt/) });
    const before = await spendable();
    const shown = only((await farebox('pay', 'invoice', invoice)).stdout);
    expect(shown).toMatchObject({
      ok: true,
      paid: false,
      dryRun: true,
      cost: { amount: '1', currency: 'sat' },
      preimage: null,
    });
    expect(await spendable()).toBe(before);
    const paid = await farebox('pay', 'invoice', invoice, '--yes', '--plain');
    expect([paid.code, paid.stdout]).toEqual([0, expect.stringMatching(/^[0-9a-f]{64}\n$/)]);
    const again = await farebox('pay', 'invoice', invoice.toUpperCase(), '--yes', '--json');
    expect(only(again.stdout)).toMatchObject({ ok: true, paid: true, preimage: paid.stdout.trim() });
    expect(before - (await spendable())).toBe(1_000n);
    const credential = await run(
      home,
      ['pay', 'credential', '--challenge', challenge, '--preimage', '-'],
      paid.stdout,
    );
    expect([credential.code, credential.stdout]).toEqual([
      0,
      expect.stringMatching(/^Payment [A-Za-z0-9_-]+\n$/),
    ]);
    const answer = await fetch(shop.url, { headers: { authorization: credential.stdout.trim() } });
    expect([answer.status, await answer.json()]).toEqual([200, { rate: 1 }]);
  });

  it('works in a plain shell with curl and any wallet, as the help says (R42)', async () => {
    // The wallet of this test is farebox itself; the recipe only sees an invoice go in and a preimage come out.
    const farebox = fileURLToPath(new URL('../bin/farebox.js', import.meta.url));
    const script = `pay_invoice() { '${process.execPath}' '${farebox}' pay invoice "$1" --yes --plain; }\n${byHandRecipe}`;
    const shell = spawn('sh', ['-c', script], {
      env: { ...process.env, FAREBOX_HOME: home, url: `${shop.url}/price/1?x=1` },
    });
    const [answer, said] = await Promise.all([text(shell.stdout), text(shell.stderr)]);
    expect([answer, said]).toEqual(['{"rate":1}', '']);
  });

  it('says that an invoice names no amount, and its help speaks of Lightning only', async () => {
    // The first example of BOLT 11.
    const invoice =
      'lnbc1pvjluezsp5zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zygspp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdpl2pkx2ctnv5sxxmmwwd5kgetjypeh2ursdae8g6twvus8g6rfwvs8qun0dfjkxaq9qrsgq357wnc5r2ueh7ck6q93dj32dlqnls087fxdwk8qakdyafkq3yap9us6v52vjjsrvywa6rt52cm9r9zqt8r2t7mlcwspyetp5h2tztugp9lfyql';
    const { code, stderr } = await farebox('pay', 'invoice', invoice);
    expect([code, only(stderr)]).toMatchObject([
      2,
      { error: { message: expect.stringContaining('names no amount') } },
    ]);
    expect((await farebox('pay', 'invoice', '--help')).stdout).not.toContain('tempo');
  });

  it('pays no invoice above the limit', async () => {
    const { invoice } = await devnet.merchant.createInvoice({
      amountMsat: 101_000n,
      description: '',
      expirySeconds: 60,
    });
    const { code, stderr } = await farebox('pay', 'invoice', invoice, '--yes');
    expect([code, only(stderr)]).toMatchObject([5, { error: { code: 'price_above_max' } }]);
  });

  it('takes no preimage from the arguments, and none that is not that of the challenge', async () => {
    const challenge = await shop.challenge(1n);
    const inArguments = await farebox(
      'pay',
      'credential',
      '--challenge',
      challenge,
      '--preimage',
      'ab'.repeat(32),
    );
    expect(inArguments.code).toBe(2);
    expect(inArguments.stderr).not.toContain('abababab');
    const wrong = await run(
      home,
      ['pay', 'credential', '--challenge', challenge, '--preimage', '-'],
      'ab'.repeat(32),
    );
    expect([wrong.code, wrong.stdout]).toEqual([1, '']);
    expect(wrong.stderr).toContain('wrong_preimage');
    expect(wrong.stderr).not.toContain('abababab');
  });
});
