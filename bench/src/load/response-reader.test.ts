import { describe, expect, it } from 'vitest';
import { ResponseReader, type ResponseSeen } from './response-reader.js';

const wire = [
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nPayment-Receipt: e30\r\n\r\nhello',
  'HTTP/1.1 402 Payment Required\r\ntransfer-encoding: chunked\r\n\r\n4\r\nab\r\n\r\na;x=y\r\n0123456789\r\n0\r\n\r\n',
  'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n',
  'HTTP/1.1 500 Broken\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nTrailer: x\r\n\r\n',
].join('');

function read(pieces: readonly Buffer[]): ResponseSeen[] {
  const seen: ResponseSeen[] = [];
  const reader = new ResponseReader((response) => seen.push(response));
  for (const piece of pieces) reader.push(piece);
  return seen;
}

const summary = (seen: readonly ResponseSeen[]) => seen.map(({ status, receipt }) => `${status} ${receipt}`);
const expected = ['200 true', '402 false', '200 false', '500 false'];

describe('ResponseReader', () => {
  it('reads responses that arrive together', () => {
    expect(summary(read([Buffer.from(wire)]))).toEqual(expected);
  });

  it('reads responses cut at any byte', () => {
    for (let cut = 0; cut <= wire.length; cut++) {
      const pieces = [Buffer.from(wire.slice(0, cut)), Buffer.from(wire.slice(cut))];
      expect(summary(read(pieces)), `cut at ${cut}`).toEqual(expected);
    }
  });

  it('reads responses that arrive byte by byte', () => {
    expect(summary(read([...wire].map((char) => Buffer.from(char))))).toEqual(expected);
  });

  it('gives the header section as it was sent', () => {
    expect(read([Buffer.from(wire)])[0]?.head).toBe(
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nPayment-Receipt: e30',
    );
  });

  it('throws at what is no HTTP/1.1 answer', () => {
    expect(() => read([Buffer.from('SSH-2.0-x\r\n\r\n')])).toThrow('no HTTP/1.1');
    expect(() => read([Buffer.from('HTTP/1.1 200 OK\r\n\r\n')])).toThrow('neither');
  });
});
