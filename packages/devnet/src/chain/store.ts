import { closeSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { type Block, parseBlock } from './block.js';
import { uint32 } from './transaction.js';

/** An append-only file of blocks: each its length (u32, little-endian) and its bytes. */
export class BlockFile {
  readonly #file: number;
  readonly #path: string;
  #durable = false;

  /** Opens or creates the file. */
  constructor(path: string) {
    this.#path = path;
    this.#file = openSync(path, 'a+', 0o600);
  }

  /**
   * All whole blocks, from height 1 on. A torn last block (the process died while writing it) is cut off:
   * nobody has seen it, since a block is announced only once it is on disk.
   */
  load(): Block[] {
    const data = readFileSync(this.#path);
    const blocks: Block[] = [];
    let at = 0;
    while (at + 4 <= data.length) {
      const length = data.readUInt32LE(at);
      const end = at + 4 + length;
      if (end > data.length) break;
      try {
        blocks.push(parseBlock(Buffer.from(data.subarray(at + 4, end)), blocks.length + 1));
      } catch (cause) {
        if (end === data.length) break;
        throw new Error(`The block file ${this.#path} is damaged: remove the devnet's directory.`, { cause });
      }
      at = end;
    }
    if (at < data.length) ftruncateSync(this.#file, at);
    return blocks;
  }

  /** Durable when it returns, once {@link makeDurable} was called. */
  append(block: Block): void {
    writeSync(this.#file, Buffer.concat([uint32(block.raw.length), block.raw]));
    if (this.#durable) fsyncSync(this.#file);
  }

  /** Syncs what there is, and from now on every block. A start that may still be thrown away does not need it. */
  makeDurable(): void {
    fsyncSync(this.#file);
    this.#durable = true;
  }

  close(): void {
    closeSync(this.#file);
  }
}
