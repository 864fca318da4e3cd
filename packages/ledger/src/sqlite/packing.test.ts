import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Batch } from '../front/batch.js';
import { Op } from '../front/messages.js';
import { type Operation, operationsOf } from '../front/operations.js';
import type { ClaimRequest } from '../ledger.js';
import { requestOf } from '../testing/requests.js';
import { type PackedOperation, Packer, PlainEnter, Unpacker } from './packing.js';

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes));
const hash = bytes32.map((bytes) => bytes.toString('hex'));
const time = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const rate = { price: '0.002', currency: 'USD', rate: '65012.5', unit: 'BTC', asOfMs: 1 };

const request: fc.Arbitrary<ClaimRequest> = fc.record({
  challengeId: bytes32.map((bytes) => bytes.toString('base64url')),
  // Hashes, hashes in capitals, and what a chain or another kind of node may call a payment.
  reference: fc.oneof(
    { weight: 4, arbitrary: hash },
    hash.map((text) => text.toUpperCase()),
    hash.map((text) => `0x${text}`),
    fc.stringMatching(/^[\x20-\x7e]{1,512}$/),
  ),
  method: fc.constant('lightning'),
  intent: fc.constant('charge'),
  paid: fc.record({
    amount: fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), fc.bigInt({ min: 0n, max: 9n })),
    currency: fc.constant('sat'),
  }),
  rate: fc.option(fc.constant(rate), { nil: undefined, freq: 1 }),
  route: fc.constant('GET /v1/*'),
  resource: fc.oneof(
    fc.constant('GET /v1/paid/price'),
    fc.string({ unit: 'grapheme', maxLength: 200 }),
    fc.constant('\u{ffff}'.repeat(2_048)),
  ),
  expiresMs: time,
  nowMs: time,
  idempotencyKey: fc.option(fc.string({ minLength: 1, maxLength: 255 }), { nil: undefined, freq: 1 }),
});

const entering = fc.constantFrom(Op.claim, Op.reclaim, Op.deliver, Op.release);
const advancing = fc.constantFrom(Op.settle, Op.unknown, Op.cut, Op.cutByUpstream, Op.refund, Op.answered);
const body = fc.uint8Array({ maxLength: 40 });

/** One verb, as somebody asks it of the batch that is gathering. */
const asked = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(entering, request) },
  { weight: 4, arbitrary: fc.constant(Op.answered) },
  advancing,
  fc.tuple(fc.constant(Op.keep), request, body),
  fc.constantFrom(Op.abandon, Op.find, Op.answer, Op.redeliver, Op.sweep, Op.totals),
);
type Asked = typeof asked extends fc.Arbitrary<infer Value> ? Value : never;

function ask(batch: Batch, verb: Asked, seq: number): void {
  if (Array.isArray(verb)) {
    const [op, its, kept] = verb;
    if (kept !== undefined) batch.keep({ status: 200, headers: '["A","b"]', body: kept });
    void batch.enter(op === Op.keep ? Op.deliver : op, seq, its, its.resource);
    return;
  }
  const { challengeId } = requestOf(seq);
  const terms = { nowMs: 1, redemptionWindowMs: 2, replayWindowMs: 3, retentionMs: 4, rowsMax: 5 };
  if (verb === Op.abandon) void batch.abandon(challengeId, seq);
  else if (verb === Op.find) void batch.find(challengeId, seq % 2 === 0 ? '' : 'a key');
  else if (verb === Op.answer) void batch.answer(seq);
  else if (verb === Op.redeliver) void batch.redeliver(seq, 3, seq);
  else if (verb === Op.sweep) void batch.sweep(terms);
  else if (verb === Op.totals) void batch.totals();
  else void batch.advance(verb, seq, 2 * seq);
}

/** An operation with the texts of its keys, as every other store sees it. */
function spelled(operation: PackedOperation): Operation {
  if (!(operation instanceof PlainEnter)) return operation;
  const { verb, kind, challengeId, reference, paid, resource, expiresMs, nowMs } = operation;
  const { key, rate, answer } = operation;
  return { verb, kind, challengeId, reference, paid, resource, expiresMs, nowMs, key, rate, answer };
}

/** The two sides of the crossing, with what a message between threads does to what it carries. */
class Crossing {
  readonly #packer = new Packer();
  readonly #unpacker = new Unpacker();

  cross(batch: Batch): PackedOperation[] {
    const { memory, ...message } = this.#packer.pack(batch.fields);
    return [...this.#unpacker.unpack({ ...structuredClone(message), memory })];
  }
}

function batchOf(...requests: readonly ClaimRequest[]): Batch {
  const batch = new Batch();
  for (const its of requests) void batch.enter(Op.deliver, 7, its, its.resource);
  return batch;
}

describe('a batch that crosses to the thread', () => {
  it('arrives as it was asked, one batch after another', () => {
    fc.assert(
      fc.property(fc.array(fc.array(asked, { maxLength: 40 }), { maxLength: 4 }), (batches) => {
        const crossing = new Crossing();
        for (const verbs of batches) {
          const batch = new Batch();
          verbs.forEach((verb, at) => {
            ask(batch, verb, at + 1);
          });
          expect(crossing.cross(batch).map(spelled)).toEqual(operationsOf(batch.fields));
        }
      }),
      { numRuns: 150 },
    );
  });

  it('grows to a batch of the longest resources, and goes on with a short one', () => {
    const crossing = new Crossing();
    const resource = '\u{ffff}'.repeat(2_048);
    const requests = Array.from({ length: 1_024 }, (_, n) => requestOf(n, n, { resource }));
    for (const batch of [batchOf(requestOf('before')), batchOf(...requests), batchOf(requestOf('after'))]) {
      expect(crossing.cross(batch).map(spelled)).toEqual(operationsOf(batch.fields));
    }
  });

  it('packs what every paid request asks, and nothing that it would change', () => {
    const cross = (its: ClaimRequest) => new Crossing().cross(batchOf(its))[0] instanceof PlainEnter;
    expect(cross(requestOf(1))).toBe(true);
    const { reference } = requestOf(1);
    expect(cross(requestOf(1, 1, { reference: reference.toUpperCase() }))).toBe(false);
    expect(cross(requestOf(1, 1, { reference: reference.slice(1) }))).toBe(false);
    expect(cross(requestOf(1, 1, { idempotencyKey: 'a key' }))).toBe(false);
    expect(cross(requestOf(1, 1, { rate }))).toBe(false);
    const exact = BigInt(Number.MAX_SAFE_INTEGER);
    expect(cross(requestOf(1, 1, { paid: { amount: exact, currency: 'sat' } }))).toBe(true);
    expect(cross(requestOf(1, 1, { paid: { amount: exact + 1n, currency: 'sat' } }))).toBe(false);
  });

  it('refuses a key that would leave a part of the batch before in its place', () => {
    const packer = new Packer();
    packer.pack(batchOf(requestOf(1)).fields);
    const short = requestOf(2).challengeId.slice(0, -2);
    expect(() => packer.pack(batchOf(requestOf(2, 2, { challengeId: short })).fields)).toThrow(TypeError);
  });

  it.each([
    [[99, 1, 2]],
    [['answered', 1, 2]],
    [[Op.answered, 'one', 2]],
    [[Op.answered]],
    [[Op.deliver, 1, 2, 3, 4, 5, 6, 7, '', '']],
  ])('refuses what no batch ever holds: %j', (fields) => {
    expect(() => new Packer().pack(fields)).toThrow(TypeError);
  });
});
