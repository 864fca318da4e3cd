import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileSink, streamSink } from './sink.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'farebox-sink-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const big = 'x'.repeat(70_000);

describe('a file', () => {
  it('is there whole or not at all', async () => {
    const path = join(folder, 'books.csv');
    writeFileSync(path, 'old');
    const sink = await fileSink(path);
    expect(await sink.write(big)).toBe(true);
    expect(readFileSync(path, 'utf8')).toBe('old');
    await sink.write('end');
    await sink.finish();
    await sink.abandon();
    expect(readFileSync(path, 'utf8')).toBe(`${big}end`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['books.csv']);
  });

  it('that is abandoned leaves what was there, and nothing else', async () => {
    const path = join(folder, 'books.csv');
    writeFileSync(path, 'old');
    const before = process.listenerCount('SIGTERM');
    const sink = await fileSink(path);
    expect(process.listenerCount('SIGTERM')).toBe(before + 1);
    await sink.write(big);
    await sink.abandon();
    await sink.abandon();
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['books.csv']);
    expect(process.listenerCount('SIGTERM')).toBe(before);
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'leaves nothing behind when %s ends it',
    async (signal) => {
      const path = join(folder, 'books.csv');
      const child = fileURLToPath(new URL('./testing/file-child.js', import.meta.url));
      const writer = spawn(process.execPath, [child, path], { stdio: ['ignore', 'pipe', 'inherit'] });
      const ended = once(writer, 'exit');
      await once(writer.stdout, 'data');
      expect(readdirSync(folder)).toEqual([expect.stringMatching(/\.part$/)]);
      writer.kill(signal);
      expect(await ended).toEqual([null, signal]);
      expect(readdirSync(folder)).toEqual([]);
    },
  );

  it('behind a link is replaced, and the link stays', async () => {
    mkdirSync(join(folder, 'far'));
    const real = join(folder, 'far', 'real.csv');
    const link = join(folder, 'link.csv');
    writeFileSync(real, 'old');
    symlinkSync(real, link);
    const sink = await fileSink(link);
    await sink.write('new');
    await sink.finish();
    expect(readFileSync(real, 'utf8')).toBe('new');
    expect(readdirSync(folder).sort()).toEqual(['far', 'link.csv']);
  });

  it('is refused where it would replace a device or a folder, or cannot be', async () => {
    for (const path of ['/dev/null', folder, join(folder, 'none', 'x.csv')]) {
      await expect(fileSink(path)).rejects.toMatchObject({ code: 'output_file' });
    }
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('a stream', () => {
  it('is written no faster than it is read', async () => {
    const stream = new PassThrough({ highWaterMark: 1 });
    const sink = streamSink(stream);
    const reading = text(stream);
    for (let chunk = 0; chunk < 5; chunk++) expect(await sink.write(big)).toBe(true);
    await sink.finish();
    stream.end();
    expect(await reading).toBe(big.repeat(5));
  });

  it('whose reader has left wants no more, and that is no failure', async () => {
    const stream = new PassThrough();
    stream.on('error', () => undefined);
    stream.destroy();
    const sink = streamSink(stream);
    expect(await sink.write(big)).toBe(false);
    expect(await sink.write(big)).toBe(false);
    await sink.finish();
  });
});
