import { EventEmitter, once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Answer } from '../answer.js';
import { WalletError } from '../errors.js';
import { answerShelf } from './answer-shelf.js';
import { keptAnswersMax } from './limits.js';

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

/** What was read and has no name of its own yet. */
function onlyPartial(): string {
  const [name = '', ...others] = readdirSync(home).filter((one) => one.endsWith('.partial'));
  if (others.length > 0) throw new Error(`there are several: ${[name, ...others].join(', ')}`);
  return join(home, name);
}

it('two processes that are answered at once both get the whole, and neither breaks what the other has', async () => {
  const steps = new EventEmitter();
  const reads = once(steps, 'reads');
  const goOn = once(steps, 'go on');
  const chunks = async function* () {
    yield Buffer.from('a');
    steps.emit('reads');
    await goOn;
    yield Buffer.from('bc');
  };
  const first = answerShelf(home).keep({ status: 200, headers: [], body: chunks() }, 'pay_1');
  await reads;
  const second = await answerShelf(home).keep(answerOf('abc').answer, 'pay_1');
  expect(readFileSync(second.file, 'utf8')).toBe('abc');
  // Handed on, and dropped.
  rmSync(second.file);
  steps.emit('go on');
  const kept = await first;
  expect([kept.text, kept.bytes, Buffer.from(kept.whole).toString()]).toEqual(['abc', 3, 'abc']);
  expect(readFileSync(kept.file, 'utf8')).toBe('abc');
  expect(readdirSync(home)).toEqual(['pay_1']);
});

it('leaves nothing of an answer that broke off', async () => {
  const body = async function* () {
    yield Buffer.from('half');
    throw new WalletError('answer_unknown', 'The paid answer broke off.', { paymentId: 'pay_1' });
  };
  const keeping = answerShelf(home).keep({ status: 200, headers: [], body: body() }, 'pay_1');
  await expect(keeping).rejects.toMatchObject({ code: 'answer_unknown' });
  expect(readdirSync(home)).toEqual([]);
});

it('keeps what was read to its end, whatever has become of its place, and says where', async () => {
  const { answer, ends } = answerOf('paid for');
  mkdirSync(join(home, 'pay_1'));
  const error: unknown = await answerShelf(home)
    .keep(answer, 'pay_1')
    .catch((cause: unknown) => cause);
  expect(error).toMatchObject({ code: 'answer_unknown', spent: 'yes', paymentId: 'pay_1' });
  const partial = onlyPartial();
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

it('removes the oldest of too many, but never what its own process has still to hand on', async () => {
  // File systems round; whole seconds they keep.
  const startSeconds = Math.floor(Date.now() / 1000) - 3_600;
  for (let n = -1; n <= keptAnswersMax; n += 1) {
    const path = join(home, `pay_old${n}`);
    writeFileSync(path, 'kept');
    // One from before this run, the others of this run, in their order.
    utimesSync(path, startSeconds + n, startSeconds + n);
  }
  const has = (n: number) => existsSync(join(home, `pay_old${n}`));
  await answerShelf(home, 100, startSeconds * 1000).keep(answerOf('paid for').answer, 'pay_1');
  expect([has(-1), has(0), has(1)]).toEqual([false, true, true]);
  await answerShelf(home, 100).keep(answerOf('paid for').answer, 'pay_2');
  // There were two too many when it began.
  expect([has(0), has(1), has(2)]).toEqual([false, false, true]);
});
