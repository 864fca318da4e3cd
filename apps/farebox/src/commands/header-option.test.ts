import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { collectHeader, headerFileBytesMax } from './header-option.js';

let folder = '';
let file = '';
const write = (text: string) => writeFileSync(file, text, { mode: 0o600 });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'farebox-headers-'));
  file = join(folder, 'headers');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('is one header, or those of a file, one a line, in the order of the arguments', () => {
  write('X-API-Key:  s3cret \r\n\nX-Note: a: b\n');
  const first = collectHeader('Accept: text/plain');
  expect(collectHeader('X-Last: 1', collectHeader(`@${file}`, first))).toEqual([
    ['Accept', 'text/plain'],
    ['X-API-Key', 's3cret'],
    ['X-Note', 'a: b'],
    ['X-Last', '1'],
  ]);
});

it('is refused without a colon, and what stands in the file is not repeated', () => {
  expect(() => collectHeader('s3cret')).toThrow(InvalidArgumentError);
  write('X-A: 1\ns3cret\n');
  expect(() => collectHeader(`@${file}`)).toThrow(`Line 2 of ${file} is no header; write "Name: value".`);
});

it('is refused from a file that others may read, that is too large, or that is not there', () => {
  write('X-API-Key: s3cret\n');
  for (const mode of [0o640, 0o604]) {
    chmodSync(file, mode);
    expect(() => collectHeader(`@${file}`)).toThrow(`chmod 600 ${file}`);
  }
  chmodSync(file, 0o600);
  write(`X-A: ${'x'.repeat(headerFileBytesMax)}\n`);
  expect(() => collectHeader(`@${file}`)).toThrow('is larger than');
  for (const path of [join(folder, 'none'), folder]) {
    expect(() => collectHeader(`@${path}`)).toThrow(/cannot be read|chmod/);
  }
});
