import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSharedRoom, type OwnRoom } from './body-room.js';

/** 800 bytes: a share is 100. */
const roomBytes = 800;
const open = (room: ReturnType<typeof createSharedRoom>, client: string | undefined, presents = false) =>
  room.open({ client, presents, bytesMax: 50 });

describe('a room for bodies', () => {
  it('gives one client an eighth, over all its requests, and the others theirs', () => {
    const room = createSharedRoom(roomBytes);
    const [first, second] = [open(room, 'a'), open(room, 'a')];
    expect([first.take(50), second.take(50), second.take(1)]).toEqual([true, true, false]);
    expect(open(room, 'b').take(50)).toBe(true);
    first.give(50);
    expect(second.take(50)).toBe(true);
  });

  it('keeps an eighth for those that come with a credential', () => {
    const room = createSharedRoom(roomBytes);
    for (let i = 0; i < 14; i++) expect(open(room, `asker ${i}`).take(50)).toBe(true);
    expect(open(room, 'another').take(1)).toBe(false);
    expect(open(room, undefined).take(1)).toBe(false);
    // Whoever asks for much may have paid for something all the same.
    expect(open(room, 'asker 1', true).take(50)).toBe(true);
    expect(open(room, 'buyer', true).take(50)).toBe(true);
    expect(open(room, 'buyer', true).take(1)).toBe(false);
  });

  it('lets no single client have that eighth and more by credentials that it makes up', () => {
    const room = createSharedRoom(roomBytes);
    expect([open(room, 'a', true).take(50), open(room, 'a', true).take(51)]).toEqual([true, false]);
  });

  it('counts what is served against nobody', () => {
    const room = createSharedRoom(roomBytes);
    const served = Array.from({ length: 5 }, () => {
      const own = open(room, 'a', true);
      expect(own.take(50)).toBe(true);
      own.admitted();
      return own;
    });
    expect(open(room, 'a', true).take(100)).toBe(true);
    for (const own of served) own.give(50);
    expect(open(room, 'a', true).take(1)).toBe(false);
  });

  it('has a share for one body at least, however large', () => {
    const room = createSharedRoom(roomBytes);
    expect(room.open({ client: 'a', presents: false, bytesMax: 800 }).take(800)).toBe(true);
  });

  it('is empty again once everything is given back, whatever came in between', () => {
    const step = fc.record({
      client: fc.constantFrom('a', 'b', undefined),
      presents: fc.boolean(),
      bytes: fc.nat(120),
      admitted: fc.boolean(),
      givesBack: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const room = createSharedRoom(roomBytes);
        const held: [OwnRoom, number][] = [];
        for (const { client, presents, bytes, admitted, givesBack } of steps) {
          const own = open(room, client, presents);
          if (own.take(bytes)) held.push([own, bytes]);
          if (admitted) own.admitted();
          const [first] = givesBack ? held.splice(0, 1) : [];
          first?.[0].give(first[1]);
          expect(held.reduce((sum, [, taken]) => sum + taken, 0)).toBeLessThanOrEqual(roomBytes);
        }
        for (const [own, bytes] of held) own.give(bytes);
        for (const client of ['a', 'b'])
          for (const presents of [true, false]) {
            const own = open(room, client, presents);
            expect(own.take(100)).toBe(true);
            own.give(100);
          }
        expect(open(room, undefined, true).take(roomBytes)).toBe(true);
      }),
    );
  });
});
