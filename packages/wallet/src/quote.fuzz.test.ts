import { encodeRequest, serializeChallenge } from '@farebox/protocol';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WalletError } from './errors.js';
import { openTestPurse, type TestPurse } from './testing/purse.js';
import { Seller } from './testing/seller.js';

let purse: TestPurse;
const seller = new Seller();

beforeAll(() => {
  purse = openTestPurse(seller.node);
});

afterAll(() => purse.close());

/** Pays at a seller whose 402 has this header: ends in a WalletError that cost nothing, whatever it is. */
async function expectNothingSpent(field: string): Promise<void> {
  const headers = new Headers();
  try {
    headers.set('www-authenticate', field);
  } catch {
    return; // Not sendable over HTTP.
  }
  const answer: typeof fetch = () => Promise.resolve(new Response(null, { status: 402, headers }));
  const outcome = await purse
    .another({ fetch: answer })
    .pay({ url: 'https://shop.example/' })
    .catch((error: unknown) => error);
  if (!(outcome instanceof WalletError)) throw new Error(`not refused: ${String(outcome)}`);
  expect(outcome.outcome).toBe('not-sent');
}

describe('a hostile 402', () => {
  it('with any header is refused without spending', async () => {
    const part = fc.oneof(
      fc.string({ unit: 'binary-ascii' }),
      fc.constantFrom('Payment ', 'id="', '", ', 'request=', '\\', 'e30'),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 30 }), (parts) => expectNothingSpent(parts.join(''))),
      {
        numRuns: 1_000,
      },
    );
    expect(purse.node.paid).toHaveLength(0);
    expect(purse.journal.list()).toHaveLength(0);
  });

  it('with any request object is refused without spending', async () => {
    const details = fc.record(
      {
        invoice: fc.oneof(fc.string(), fc.constant(`lnbcrt10n1${'q'.repeat(200)}`)),
        paymentHash: fc.jsonValue(),
        network: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    const request = fc.record(
      {
        amount: fc.oneof(fc.constant('1'), fc.jsonValue()),
        currency: fc.oneof(fc.constant('sat'), fc.jsonValue()),
        methodDetails: fc.oneof(details, fc.jsonValue()),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(request, (object) => {
        // A record of JSON values is a JSON object; the generator's type does not say so.
        const text = encodeRequest(JSON.parse(JSON.stringify(object)));
        return expectNothingSpent(
          serializeChallenge({ id: 'x', realm: 'r', method: 'lightning', intent: 'charge', request: text }),
        );
      }),
      { numRuns: 1_000 },
    );
    expect(purse.node.paid).toHaveLength(0);
    expect(purse.journal.list()).toHaveLength(0);
  });
});
