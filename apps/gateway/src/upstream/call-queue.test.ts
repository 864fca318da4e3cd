import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Call } from './call.js';
import { CallQueue } from './call-queue.js';
import { get, Recorder } from './testing/exchange-once.js';

describe('CallQueue', () => {
  it('is a list: push, pushFirst, shift and remove, in any order, as an array does them', () => {
    const command = fc.oneof(
      fc.constant({ kind: 'push' as const }),
      fc.constant({ kind: 'pushFirst' as const }),
      fc.constant({ kind: 'shift' as const }),
      fc.record({ kind: fc.constant('remove' as const), at: fc.nat(9) }),
    );
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
        const queue = new CallQueue();
        const model: Call[] = [];
        const removed: Call[] = [];
        for (const one of commands) {
          const call = new Call(get(), '', new Recorder());
          if (one.kind === 'push') {
            queue.push(call);
            model.push(call);
          } else if (one.kind === 'pushFirst') {
            queue.pushFirst(call);
            model.unshift(call);
          } else if (one.kind === 'shift') {
            expect(queue.shift()).toBe(model.shift());
          } else {
            const [there] = model.splice(one.at, 1);
            // One that is not in the queue any more is nobody's.
            const which = there ?? removed.at(-1) ?? call;
            queue.remove(which);
            removed.push(which);
          }
          expect(queue.size).toBe(model.length);
          expect(queue.first).toBe(model[0]);
        }
        while (model.length > 0) expect(queue.shift()).toBe(model.shift());
        expect(queue.shift()).toBeUndefined();
      }),
    );
  });
});
