import { describe, expect, it } from 'vitest';
import { createProgress } from './progress.js';

function lines(isTTY: boolean | undefined, rows: number): string {
  const written: string[] = [];
  const stream = { ...(isTTY !== undefined && { isTTY }), write: (text: string) => written.push(text) };
  const progress = createProgress(stream, 'entries', 'of many');
  for (let row = 0; row < rows; row++) progress.step();
  progress.end();
  return written.join('');
}

describe('a line of progress', () => {
  it('counts on a terminal, in one line that is taken away', () => {
    expect(lines(true, 2_500)).toBe(
      '\r1000 entries, of many …\u001b[K\r2000 entries, of many …\u001b[K\r\u001b[K',
    );
  });

  it('is not there for what is short, nor where nobody looks', () => {
    expect(lines(true, 999)).toBe('');
    expect(lines(false, 5_000)).toBe('');
    expect(lines(undefined, 5_000)).toBe('');
  });
});
