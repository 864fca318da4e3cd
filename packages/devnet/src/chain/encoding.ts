import { createHash } from 'node:crypto';

/** SHA-256 once. */
export function sha256(data: Uint8Array): Buffer {
  return createHash('sha256').update(data).digest();
}

/** SHA-256 twice: Bitcoin's hash of headers and transactions. */
export function hash256(data: Uint8Array): Buffer {
  return sha256(sha256(data));
}

/** The way Bitcoin shows a hash: bytes reversed, lowercase hex. */
export function displayHash(hash: Uint8Array): string {
  return Buffer.from(hash).reverse().toString('hex');
}

/** The bytes on the wire of a hash in display form. */
export function wireHash(display: string): Buffer {
  return Buffer.from(display, 'hex').reverse();
}

/** CompactSize, Bitcoin's variable-length count. */
export function compactSize(value: number): Buffer {
  if (value < 0xfd) return Buffer.from([value]);
  if (value <= 0xffff) {
    const short = Buffer.alloc(3);
    short[0] = 0xfd;
    short.writeUInt16LE(value, 1);
    return short;
  }
  const long = Buffer.alloc(5);
  long[0] = 0xfe;
  long.writeUInt32LE(value, 1);
  return long;
}

/** Reads Bitcoin's little-endian encodings; throws a RangeError where the data ends too early. */
export class ByteReader {
  offset: number;
  readonly #data: Buffer;

  constructor(data: Uint8Array, offset = 0) {
    this.#data = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    this.offset = offset;
  }

  get remaining(): number {
    return this.#data.length - this.offset;
  }

  bytes(length: number): Buffer {
    if (length > this.remaining) throw new RangeError('The data ends too early.');
    const start = this.offset;
    this.offset += length;
    return this.#data.subarray(start, this.offset);
  }

  /** What was read since `start`. */
  since(start: number): Buffer {
    return this.#data.subarray(start, this.offset);
  }

  peek(ahead: number): number | undefined {
    return this.#data[this.offset + ahead];
  }

  u8(): number {
    return this.bytes(1).readUInt8(0);
  }

  u16(): number {
    return this.bytes(2).readUInt16LE(0);
  }

  u32(): number {
    return this.bytes(4).readUInt32LE(0);
  }

  i32(): number {
    return this.bytes(4).readInt32LE(0);
  }

  u64(): bigint {
    return this.bytes(8).readBigUInt64LE(0);
  }

  compactSize(): number {
    const first = this.u8();
    if (first < 0xfd) return first;
    if (first === 0xfd) return this.u16();
    if (first === 0xfe) return this.u32();
    throw new RangeError('A count is larger than any transaction of a devnet.');
  }
}
