import { rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openPayerRecord, payerRecordLifeMs } from './payer-record.js';
import { newFolder } from './testing/new-vault.js';

const nowMs = 1_700_000_000_000;
let folder = '';
let path = '';

beforeEach(() => {
  folder = newFolder();
  path = join(folder, 'payers.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('one payment has one payer, in every process that asks', () => {
  const [here, there] = [openPayerRecord(path), openPayerRecord(path)];
  expect(here.payerOf('aa')).toBeUndefined();
  expect(here.claim('aa', 'lnd:1', nowMs)).toBe(true);
  expect(there.payerOf('aa')).toBe('lnd:1');
  expect(there.claim('aa', 'lnd:2', nowMs)).toBe(false);
  expect(there.claim('aa', 'lnd:1', nowMs)).toBe(true);
  expect(there.claim('bb', 'lnd:2', nowMs)).toBe(true);
  here.close();
  there.close();
  const later = openPayerRecord(path);
  expect(later.payerOf('aa')).toBe('lnd:1');
  later.close();
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

it('forgets after more than a year, and no sooner', () => {
  const record = openPayerRecord(path);
  record.claim('aa', 'lnd:1', nowMs);
  expect(record.claim('aa', 'lnd:2', nowMs + payerRecordLifeMs)).toBe(false);
  expect(record.claim('aa', 'lnd:2', nowMs + payerRecordLifeMs + 1)).toBe(true);
  record.close();
});

it('that cannot be used says that nothing is paid', () => {
  writeFileSync(path, 'no database, but long enough to be looked at as one '.repeat(100));
  expect(() => openPayerRecord(path)).toThrow(expect.objectContaining({ code: 'record_unavailable' }));
});
