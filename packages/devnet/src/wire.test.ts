import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  balanceWire,
  holdRequestWire,
  invoiceStateWire,
  nodeInfoWire,
  paymentRequestWire,
  paymentStateWire,
  settledPageWire,
  settledRequestWire,
  WireFormatError,
} from './wire.js';

const msat = fc.bigInt({ min: 0n, max: 9_999_999_999_999_999_999n });
const hash = fc.stringMatching(/^[0-9a-f]{64}$/);
const throughJson = (value: unknown) => JSON.parse(JSON.stringify(value));

describe('what one end writes the other reads', () => {
  it('for requests', () => {
    const hold = fc.record({
      amountMsat: msat,
      description: fc.string({ unit: 'grapheme' }),
      expirySeconds: fc.nat(),
      paymentHash: hash,
    });
    const pay = fc.record({ invoice: fc.string(), maxFeeMsat: msat, timeoutMs: fc.nat() });
    fc.assert(
      fc.property(hold, pay, (h, p) => {
        expect(holdRequestWire.read(throughJson(holdRequestWire.write(h)))).toEqual(h);
        expect(paymentRequestWire.read(throughJson(paymentRequestWire.write(p)))).toEqual(p);
      }),
    );
  });

  it('for states and balances', () => {
    const payment = fc.oneof(
      fc.record({ status: fc.constant('succeeded' as const), preimage: hash, feeMsat: msat }),
      fc.record({ status: fc.constant('failed' as const), reason: fc.string() }),
      fc.record({ status: fc.constantFrom('in-flight' as const, 'absent' as const) }),
    );
    const invoice = fc.oneof(
      fc.record({ status: fc.constant('settled' as const), receivedMsat: msat, settledMs: fc.nat() }),
      fc.record({ status: fc.constantFrom('open' as const, 'held' as const, 'cancelled' as const) }),
      fc.constant(undefined),
    );
    const balance = fc.record({ spendableMsat: msat, receivableMsat: msat });
    fc.assert(
      fc.property(payment, invoice, balance, (p, i, b) => {
        expect(paymentStateWire.read(throughJson(paymentStateWire.write(p)))).toEqual(p);
        expect(invoiceStateWire.read(throughJson(invoiceStateWire.write(i)))).toEqual(i);
        expect(balanceWire.read(throughJson(balanceWire.write(b)))).toEqual(b);
      }),
    );
  });
});

describe('settled invoices', () => {
  const place = fc.record({ settledMs: fc.maxSafeNat(), paymentHash: hash });
  const period = { fromMs: fc.maxSafeInteger(), untilMs: fc.maxSafeInteger() };
  const request = fc.oneof(fc.record(period), fc.record({ ...period, after: place }));
  const invoice = fc.record({ paymentHash: hash, receivedMsat: msat, settledMs: fc.maxSafeNat() });

  it('are read as they were written, a page at a time', () => {
    fc.assert(
      fc.property(request, fc.array(invoice, { minLength: 1 }), fc.boolean(), (r, invoices, more) => {
        expect(settledRequestWire.read(throughJson(settledRequestWire.write(r)))).toEqual(r);
        const page = { invoices, more };
        expect(settledPageWire.read(throughJson(settledPageWire.write(page)))).toEqual(page);
      }),
    );
  });

  it.each([
    { invoices: [], more: true },
    { invoices: {}, more: false },
    { invoices: [] },
    { invoices: [{ paymentHash: 'ab', receivedMsat: '1', settledMs: 1 }], more: false },
    { invoices: [{ paymentHash: 'ab'.repeat(32), receivedMsat: '1', settledMs: 1.5 }], more: false },
    { invoices: [{ paymentHash: 'ab'.repeat(32), receivedMsat: 1, settledMs: 1 }], more: false },
  ])('are no page: %j', (value) => {
    expect(() => settledPageWire.read(throughJson(value))).toThrow(WireFormatError);
  });

  it.each([
    { fromMs: 0, untilMs: null },
    { fromMs: 0, untilMs: 1e300 },
    { fromMs: 0, untilMs: 1, after: null },
    { fromMs: 0, untilMs: 1, after: { settledMs: 1, paymentHash: '../x' } },
  ])('are not asked for by %j', (value) => {
    expect(() => settledRequestWire.read(value)).toThrow(WireFormatError);
  });
});

describe('anything else', () => {
  it('is a WireFormatError, never something else and never a state', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        for (const wire of [paymentRequestWire, paymentStateWire, balanceWire, holdRequestWire]) {
          // The generator's type is wider than JsonValue in name only.
          expect(() => wire.read(throughJson(value))).toThrow(WireFormatError);
        }
      }),
    );
  });

  it.each([
    { status: 'succeeded', preimage: 'AB'.repeat(32), feeMsat: '0' },
    { status: 'succeeded', preimage: 'ab'.repeat(31), feeMsat: '0' },
    { status: 'succeeded', preimage: 'ab'.repeat(32), feeMsat: 0 },
    { status: 'succeeded', preimage: 'ab'.repeat(32), feeMsat: '-1' },
    { status: 'paid' },
  ])('is not a payment: %j', (value) => {
    expect(() => paymentStateWire.read(value)).toThrow(WireFormatError);
  });

  it('is not a regtest node', () => {
    const mainnet = { kind: 'devnet', network: 'mainnet', nodeId: '02' };
    expect(() => nodeInfoWire.read(mainnet)).toThrow('regtest only');
  });
});
