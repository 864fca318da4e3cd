import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { type Answer, readAll } from './answer.js';

const chunkCount = 20_000;
/** What stands behind each chunk of one byte: kept as they come, they would hold 80 MB. */
const behindBytes = 4_096;

function heldAfterCollection(): number {
  setFlagsFromString('--expose-gc');
  // The function that the flag makes visible, in a context that is made after it.
  const collect = runInNewContext('gc') as () => void;
  collect();
  return process.memoryUsage().arrayBuffers;
}

function answerOf(body: AsyncIterable<Uint8Array>): Answer {
  return { status: 200, headers: [], body };
}

describe('an answer in chunks of one byte', () => {
  it('is read whole, in about as much memory as it has bytes', async () => {
    let growth = Number.POSITIVE_INFINITY;
    async function* body() {
      const before = heldAfterCollection();
      for (let i = 0; i < chunkCount; i++) yield new Uint8Array(behindBytes).fill(i & 0xff).subarray(0, 1);
      growth = heldAfterCollection() - before;
    }
    const whole = await readAll(answerOf(body()), chunkCount);
    expect(whole).toEqual(Uint8Array.from({ length: chunkCount }, (_, i) => i & 0xff));
    expect(growth).toBeLessThan((chunkCount * behindBytes) / 8);
  });

  it('is not read beyond the bound, and may have just as many bytes', async () => {
    async function* body() {
      for (let i = 0; i < 10; i++) yield new Uint8Array(1);
    }
    expect(await readAll(answerOf(body()), 9)).toBeUndefined();
    expect((await readAll(answerOf(body()), 10))?.length).toBe(10);
  });
});
