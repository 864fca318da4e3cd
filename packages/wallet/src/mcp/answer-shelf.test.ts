import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Answer } from '../answer.js';
import { answerShelf } from './answer-shelf.js';

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'farebox-shelf-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** An answer of one chunk, which knows how its reading ended. */
function answerOf(text: string) {
  const ends: string[] = [];
  let given = false;
  const body: AsyncIterableIterator<Uint8Array> = {
    [Symbol.asyncIterator]: () => body,
    async next() {
      if (given) {
        ends.push('complete');
        return { done: true, value: undefined };
      }
      given = true;
      return { done: false, value: Buffer.from(text) };
    },
    async return() {
      ends.push('stopped');
      return { done: true, value: undefined };
    },
  };
  const answer: Answer = { status: 200, headers: [], body };
  return { answer, ends };
}

it('keeps what was read to its end, whatever has become of its place, and says where', async () => {
  const { answer, ends } = answerOf('paid for');
  mkdirSync(join(home, 'pay_1'));
  const error: unknown = await answerShelf(home)
    .keep(answer, 'pay_1')
    .catch((cause: unknown) => cause);
  expect(error).toMatchObject({ code: 'answer_unknown', spent: 'yes', paymentId: 'pay_1' });
  const partial = join(home, 'pay_1.partial');
  expect(String(error)).toContain(partial);
  expect([readFileSync(partial, 'utf8'), ends]).toEqual(['paid for', ['complete']]);
});

it('gives up an answer that it has no place for, so that it can be asked for again', async () => {
  const { answer, ends } = answerOf('paid for');
  writeFileSync(join(home, 'answers'), 'a file where the folder should be');
  await expect(answerShelf(join(home, 'answers')).keep(answer, 'pay_1')).rejects.toMatchObject({
    code: 'answer_unknown',
    retry: 'resume',
    paymentId: 'pay_1',
  });
  expect(ends).toEqual(['stopped']);
});

it('gives up an answer that is larger than it takes', async () => {
  const { answer, ends } = answerOf('paid for');
  await expect(answerShelf(home, 7).keep(answer, 'pay_1')).rejects.toMatchObject({
    code: 'answer_too_large',
    paymentId: 'pay_1',
  });
  expect(ends).toEqual(['stopped']);
  const another = answerOf('paid for');
  expect(await answerShelf(home, 8).keep(another.answer, 'pay_1')).toMatchObject({ text: 'paid for' });
});
