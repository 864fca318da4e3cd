import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { decodeInvoice } from '@farebox/lightning';
import { describe, expect, it } from 'vitest';
import { root } from '../house.js';

const run = promisify(execFile);

describe('farebox demo --once --json', () => {
  it('sells one request for one satoshi, for real, and prints one object', async () => {
    const farebox = join(root, 'apps/farebox/bin/farebox.js');
    const { stdout } = await run(process.execPath, [farebox, 'demo', '--once', '--json']);
    const story = JSON.parse(stdout);
    expect(story).toMatchObject({
      ok: true,
      unpaid: { status: 402, problem: { type: 'https://paymentauth.org/problems/payment-required' } },
      challenge: { method: 'lightning', intent: 'charge', request: { amount: '1', currency: 'sat' } },
      invoice: expect.stringMatching(/^lnbcrt10n1/),
      payment: { amountSat: '1', feeMsat: '0' },
      preimageMatches: true,
      paid: { status: 200 },
      replayed: { status: 402, problem: { title: 'Unknown Challenge' } },
      otherRoute: {
        status: 403,
        problem: { detail: 'Credential was issued for /v1/bitcoin/price, not /v1/bitcoin/blocks/tip' },
      },
      apiBody: { currency: 'USD', source: 'configured' },
    });
    const invoice = decodeInvoice(story.invoice);
    expect(invoice.ok && invoice.value).toMatchObject({ network: 'regtest', amountMsat: 1_000n });
    expect(story.receipt).toMatchObject({
      status: 'success',
      method: 'lightning',
      challengeId: story.challenge.id,
      reference: story.payment.paymentHash,
    });
    expect(invoice.ok && invoice.value.paymentHash).toBe(story.payment.paymentHash);
  });
});
