import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * What a wire does to answers.
 *
 * pass    nothing
 * stall   holds everything back that comes after so many bytes of an answer
 * finish  ends the answer's direction after so many bytes (FIN), and goes on listening
 * reset   breaks the connection after so many bytes (RST)
 */
export type WireFault =
  | { readonly kind: 'pass' }
  | { readonly kind: 'stall' | 'finish' | 'reset'; readonly afterBytes: number };

interface Line {
  readonly near: Socket;
  /** Bytes of the answer under way. */
  answered: number;
  readonly heldBack: Buffer[];
  /** The end is held back as well. */
  ended: boolean;
}

/** A TCP connection to somewhere that goes wrong as told: between a gateway and its upstream, or a client and its gateway. */
export class FaultyWire {
  fault: WireFault = { kind: 'pass' };
  /** How often the fault has struck. */
  struck = 0;
  url = '';
  readonly #target: URL;
  readonly #lines = new Set<Line>();
  readonly #server: Server;

  constructor(targetUrl: string) {
    this.#target = new URL(targetUrl);
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => this.#carry(near));
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    // A TCP server that listens has an address of this form.
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  /** Mends the wire and lets go of what it has held back. */
  mend(): void {
    this.fault = { kind: 'pass' };
    for (const { near, heldBack, ended } of this.#lines) {
      for (const part of heldBack.splice(0)) near.write(part);
      if (ended) near.end();
    }
  }

  async close(): Promise<void> {
    for (const { near } of this.#lines) near.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #carry(near: Socket): void {
    const { hostname, port } = this.#target;
    const far = connect({ host: hostname, port: Number(port), allowHalfOpen: true, noDelay: true });
    const line: Line = { near, answered: 0, heldBack: [], ended: false };
    this.#lines.add(line);
    const over = (): void => {
      this.#lines.delete(line);
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) socket.on('error', over).on('close', over);
    near.on('data', (part: Buffer) => {
      line.answered = 0;
      far.write(part);
    });
    near.on('end', () => far.end());
    far.on('data', (part: Buffer) => this.#answer(line, part));
    far.on('end', () => {
      line.ended = true;
      if (line.heldBack.length === 0) near.end();
    });
  }

  #answer(line: Line, part: Buffer): void {
    const { near, heldBack } = line;
    const { fault } = this;
    const before = line.answered;
    line.answered += part.length;
    if (heldBack.length > 0) {
      // Nothing overtakes what is held back, whatever the wire does to other answers by now.
      heldBack.push(part);
      return;
    }
    if (fault.kind === 'pass' || line.answered <= fault.afterBytes) {
      near.write(part);
      return;
    }
    const left = Math.max(0, fault.afterBytes - before);
    // Once an answer: when it goes beyond what may pass.
    if (before <= fault.afterBytes) this.struck++;
    if (left > 0) near.write(part.subarray(0, left));
    if (fault.kind === 'stall') heldBack.push(part.subarray(left));
    else if (fault.kind === 'finish') near.end();
    else near.resetAndDestroy();
  }
}
