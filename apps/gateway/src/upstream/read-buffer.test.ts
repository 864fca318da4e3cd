import { describe, expect, it } from 'vitest';
import { ReadBuffer, readBufferBytes, readBufferBytesMax } from './read-buffer.js';

describe('ReadBuffer', () => {
  it('a chunk that was taken is not changed by the next read, whatever its size', () => {
    for (const size of [1, 100, readBufferBytes / 2, readBufferBytes / 2 + 1, readBufferBytes]) {
      const buffer = new ReadBuffer();
      buffer.bytes.fill('a');
      const early = buffer.take(0, 10);
      const chunk = buffer.take(readBufferBytes - size, readBufferBytes);
      const late = buffer.take(0, 1);
      buffer.next(readBufferBytes - 1).fill('b');
      expect(chunk.equals(Buffer.alloc(size, 'a')), String(size)).toBe(true);
      expect(early.toString() + late.toString()).toBe('a'.repeat(11));
    }
  });

  it('grows once a read has filled it, and only so far', () => {
    const buffer = new ReadBuffer();
    expect(buffer.next(0).length).toBe(readBufferBytes);
    expect(buffer.next(readBufferBytes - 1).length).toBe(readBufferBytes);
    expect(buffer.next(readBufferBytes).length).toBe(readBufferBytesMax);
    expect(buffer.next(readBufferBytesMax).length).toBe(readBufferBytesMax);
  });
});
