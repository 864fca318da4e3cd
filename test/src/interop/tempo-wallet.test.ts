import { request as httpRequest } from 'node:http';
import { type Delivered, readAll, WalletError } from '@farebox/wallet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTempoMarket, type Person, type TempoMarket } from './tempo-market.js';
import { type Listening, listen } from './upstream.js';

let market: TempoMarket;
beforeAll(async () => {
  market = await openTempoMarket(4217);
});
afterAll(() => market.close());

const limits = () => ({
  max: { amount: 1_000_000n, currency: market.token },
  maxFee: { amount: 100_000n, currency: market.token },
});

async function read({ answer }: Delivered): Promise<unknown> {
  return JSON.parse(new TextDecoder().decode(await readAll(answer, 10_000)));
}

/** A line to the seller that loses the paid request, or its answer, as often as told. */
async function startLine(url: string): Promise<Listening & { lose: 'request' | 'answer' | undefined }> {
  const line = await listen((request, response) => {
    const paid = request.headers.authorization !== undefined;
    if (paid && state.lose === 'request') return void request.socket.destroy();
    const { method = 'GET', headers } = request;
    const forward = httpRequest(`${url}${request.url}`, { method, headers }, (answer) => {
      if (paid && state.lose === 'answer')
        return void answer.resume().once('end', () => request.socket.destroy());
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(response);
    });
    request.pipe(forward);
  });
  const state: Listening & { lose: 'request' | 'answer' | undefined } = { ...line, lose: undefined };
  return state;
}

/** Buys over a line that loses something once, and then resumes. */
async function buyAndResume(payer: Person, lose: 'request' | 'answer') {
  const merchant = await market.person(1n);
  const seller = await market.ourSeller(250_000n, { recipient: merchant.address });
  const line = await startLine(seller.url);
  try {
    const wallet = market.wallet(payer.account);
    line.lose = lose;
    const lost = await wallet.pay({ url: `${line.url}/note` }, limits()).catch((error: unknown) => error);
    if (!(lost instanceof WalletError) || lost.paymentId === undefined) throw new Error('Nothing was lost.');
    // Whether the seller has carried it out, nobody has said.
    expect(lost).toMatchObject({ code: 'answer_unknown', spent: 'maybe' });
    const before = await market.devnet.balance(merchant.address);
    line.lose = undefined;
    const resumed = await wallet.resume(lost.paymentId);
    if (resumed.kind !== 'delivered') throw new Error(resumed.kind);
    expect(await read(resumed)).toEqual({ served: 'GET /note' });
    return { before: before - 1n, after: (await market.devnet.balance(merchant.address)) - 1n };
  } finally {
    await line.close();
  }
}

describe('our wallet at our gate, over Tempo', () => {
  it('buys, and loses price and fee once', async () => {
    const [payer, merchant] = [await market.person(1_000_000n), await market.person()];
    const { url } = await market.ourSeller(250_000n, { recipient: merchant.address });
    const bought = await market.wallet(payer.account).pay({ url: `${url}/note` }, limits());
    if (bought.kind !== 'delivered') throw new Error('nothing was paid');
    expect(await read(bought)).toEqual({ served: 'GET /note' });
    expect(await market.devnet.balance(merchant.address)).toBe(250_000n);
    const spent = 1_000_000n - (await market.devnet.balance(payer.address));
    expect(spent).toBeLessThanOrEqual(250_000n + (bought.entry.fee?.amount ?? 0n));
  });

  it('gets what it has paid for when the answer was lost, and pays once', async () => {
    const payer = await market.person(1_000_000n);
    expect(await buyAndResume(payer, 'answer')).toEqual({ before: 250_000n, after: 250_000n });
  });

  it('presents the same payment again when the request was lost, and pays once', async () => {
    const payer = await market.person(1_000_000n);
    expect(await buyAndResume(payer, 'request')).toEqual({ before: 0n, after: 250_000n });
  });
});
