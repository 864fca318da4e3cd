import { parseReceipt, serializeReceipt } from '@farebox/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { receiptFields } from './receipt-fields.js';
import type { Proven } from './verify.js';

const numRuns = Number(process.env.FUZZ_RUNS ?? '1000');
const id = fc.stringMatching(/^[A-Za-z0-9_-]{43}$/);
const anyText = fc.oneof(
  fc.stringMatching(/^[0-9a-f]{64}$/),
  fc.string({ unit: 'grapheme', minLength: 1 }),
  fc.string({
    unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
    minLength: 1,
  }),
);
const own = fc.option(fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.string()), { nil: undefined });
const timeMs = fc.integer({ min: 0, max: 4_102_444_800_000 });

function proven(
  challengeId: string,
  method: string,
  reference: string,
  more?: Record<string, string>,
): Proven {
  const paid = { amount: 1n, currency: 'sat' };
  return {
    ok: true,
    challenge: { id: challengeId, realm: 'https://shop.test', method, intent: 'charge', request: 'e30' },
    settlement: more === undefined ? { reference, paid } : { reference, paid, receiptFields: more },
    expiresMs: 0,
    late: false,
  };
}

/** What `make` gives, or the message of what it throws. */
function outcome(make: () => string | undefined): string {
  try {
    return `= ${make()}`;
  } catch (error) {
    return String(error);
  }
}

describe('the receipt', () => {
  it('is what serializeReceipt writes, whatever the method calls itself and its payments', () => {
    fc.assert(
      fc.property(id, anyText, anyText, own, timeMs, (challengeId, method, reference, more, ms) => {
        const timestamp = new Date(ms).toISOString();
        const whole = { ...more, challengeId, method, reference, status: 'success', timestamp } as const;
        const written = outcome(() => receiptFields(proven(challengeId, method, reference, more), ms)[1]);
        expect(written).toBe(outcome(() => serializeReceipt(whole)));
      }),
      { numRuns },
    );
  });

  it('comes back as it was meant, beside what keeps caches away', () => {
    const fields = receiptFields(proven('a'.repeat(43), 'lightning', '"quoted" \\ é'), 1_700_000_000_000);
    expect([fields[0], ...fields.slice(2)]).toEqual(['Payment-Receipt', 'Cache-Control', 'private']);
    expect(parseReceipt(fields[1] ?? '')).toEqual({
      ok: true,
      value: {
        challengeId: 'a'.repeat(43),
        method: 'lightning',
        reference: '"quoted" \\ é',
        status: 'success',
        timestamp: '2023-11-14T22:13:20.000Z',
      },
    });
  });
});
