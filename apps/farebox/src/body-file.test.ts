import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Answer } from '@farebox/wallet';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openBodyFile } from './body-file.js';

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'farebox-body-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

async function* chunks(failing: boolean) {
  yield Buffer.from('{"ra');
  if (failing) throw new Error('cut');
  yield Buffer.from('te":1}');
}

const answer = (failing = false): Answer => ({ status: 200, headers: [], body: chunks(failing) });

it('keeps an answer whose last byte was taken, whatever has become of its place', async () => {
  const path = join(home, 'rate.json');
  const file = await openBodyFile(path);
  mkdirSync(path);
  const error: unknown = await file.write(answer(), 'pay_1').catch((cause: unknown) => cause);
  await file.discard();
  const [partial = ''] = readdirSync(home).filter((name) => name.endsWith('.partial'));
  expect(readFileSync(join(home, partial), 'utf8')).toBe('{"rate":1}');
  expect(error).toMatchObject({ code: 'answer_unknown', spent: 'yes', paymentId: 'pay_1' });
  expect(String(error)).toContain(join(home, partial));
});

it('has its name before the payment is written down as delivered: a kill between them loses nothing', async () => {
  const path = join(home, 'rate.json');
  const atDelivery: string[] = [];
  let keep: (() => Promise<void>) | undefined;
  const body = async function* () {
    yield* chunks(false);
    await keep?.();
    atDelivery.push(readFileSync(path, 'utf8'));
  };
  const beforeEnd = (given: () => Promise<void>): void => {
    keep = given;
  };
  const file = await openBodyFile(path);
  await file.write({ status: 200, headers: [], body: body(), beforeEnd }, 'pay_1');
  await file.discard();
  expect([atDelivery, readdirSync(home)]).toEqual([['{"rate":1}'], ['rate.json']]);
});

it('leaves nothing of an answer that broke off, and nothing of one that never came', async () => {
  const path = join(home, 'rate.json');
  const cut = await openBodyFile(path);
  await expect(cut.write(answer(true), 'pay_1')).rejects.toMatchObject({ code: 'answer_unknown' });
  await cut.discard();
  await (await openBodyFile(path)).discard();
  expect(readdirSync(home)).toEqual([]);
});

it('takes the place of an older file only when it is whole', async () => {
  const path = join(home, 'rate.json');
  const first = await openBodyFile(path);
  await first.write(answer());
  await first.discard();
  const second = await openBodyFile(path);
  await expect(second.write(answer(true))).rejects.toMatchObject({ code: 'output_failed' });
  await second.discard();
  expect(readFileSync(path, 'utf8')).toBe('{"rate":1}');
});

it.each(['', '/', '/none/'])('refuses %j behind a folder, before anything is spent', async (end) => {
  await expect(openBodyFile(home + end)).rejects.toMatchObject({ code: 'output_file', exitCode: 1 });
  expect(readdirSync(home)).toEqual([]);
});
