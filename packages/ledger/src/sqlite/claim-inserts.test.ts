import fc from 'fast-check';
import Database from 'libsql';
import { describe, expect, it } from 'vitest';
import { type ClaimShape, stateNumber } from '../transitions.js';
import { ClaimInserts, type NewClaim } from './claim-inserts.js';
import { CLAIM_COLUMNS } from './columns.js';
import { keyOf } from './keys.js';
import { migrate } from './migrations.js';

const holder = 7;
const bytes = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((some) => Buffer.from(some));

interface Row {
  readonly seq: number;
  readonly shape: ClaimShape;
  readonly claim: NewClaim;
}

/** Rows that mostly go on where the last one ended, in the shape of the last one. */
const row = fc.record({
  gap: fc.oneof({ weight: 9, arbitrary: fc.constant(1) }, fc.integer({ min: 2, max: 9 })),
  shape: fc.oneof(
    { weight: 9, arbitrary: fc.constant({ state: 'delivered' as const, attempts: 0, redeliveries: 0 }) },
    fc.constant({ state: 'released' as const, attempts: 1, redeliveries: 0 }),
    fc.constant({ state: 'released' as const, attempts: 3, redeliveries: 0 }),
    fc.constant({ state: 'claimed' as const, attempts: 0, redeliveries: 0 }),
    fc.constant({ state: 'delivered' as const, attempts: 0, redeliveries: 2 }),
  ),
  claim: fc.record({
    kindId: fc.integer({ min: 1, max: 3 }),
    paid: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
    expiresMs: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
    nowMs: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
    challenge: bytes(32).map((some) => keyOf(some)),
    reference: fc.oneof({ weight: 9, arbitrary: bytes(32) }, fc.constant('0xabc')).map((some) => keyOf(some)),
    resource: fc.string({ unit: 'grapheme', maxLength: 40 }).map((text) => text.replaceAll('\0', '')),
    key: fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, bytes(16)),
    rate: fc.oneof({ weight: 9, arbitrary: fc.constant('') }, fc.constant('{"unit":"BTC"}')),
  }),
});

function stored({ seq, shape, claim }: Row): readonly unknown[] {
  const { kindId, paid, expiresMs, nowMs, challenge, reference, resource, key, rate } = claim;
  const head = [seq, kindId, stateNumber(shape.state)].map(BigInt);
  const times = [shape.attempts, shape.redeliveries, holder, expiresMs, nowMs, nowMs].map(BigInt);
  const tail = [resource, key ?? null, rate === '' ? null : rate];
  return [...head, paid, ...times, challenge.stored, reference.stored, ...tail];
}

describe('ClaimInserts', () => {
  it('writes every row as it was given, however they are mixed and wherever it is told to write', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 120 }), fc.nat(130), (rows, flushAt) => {
        const db = new Database(':memory:');
        migrate(db);
        const inserts = new ClaimInserts(db, holder);
        let seq = 0;
        const given = rows.map(({ gap, shape, claim }): Row => {
          seq += gap;
          return { seq, shape, claim };
        });
        given.forEach(({ seq, shape, claim }, at) => {
          // The caller's bytes are its own again: the next batch is written over them.
          const copy = Buffer.from(claim.challenge.stored);
          inserts.add(seq, { ...claim, challenge: keyOf(copy) }, shape);
          copy.fill(0);
          if (at === flushAt) inserts.flush();
        });
        inserts.flush();
        const select = db.prepare(`SELECT ${CLAIM_COLUMNS} FROM claim ORDER BY seq`).raw().safeIntegers();
        const found: unknown[] = select.all();
        db.close();
        expect(found).toEqual(given.map(stored));
      }),
      { numRuns: 100 },
    );
  });

  it('writes nothing of what it was told to forget', () => {
    const db = new Database(':memory:');
    migrate(db);
    const inserts = new ClaimInserts(db, holder);
    const shape = { state: 'delivered', attempts: 0, redeliveries: 0 } as const;
    const claim = {
      ...{ kindId: 1, paid: 1n, expiresMs: 2, nowMs: 1, resource: 'GET /', key: undefined, rate: '' },
      ...{ challenge: keyOf(Buffer.alloc(32, 1)), reference: keyOf(Buffer.alloc(32, 2)) },
    };
    const add = (seq: number) => inserts.add(seq, claim, shape);
    add(1);
    inserts.clear();
    add(1);
    add(2);
    inserts.flush();
    expect(db.prepare('SELECT seq FROM claim ORDER BY seq').raw().all()).toEqual([[1], [2]]);
    db.close();
  });
});
