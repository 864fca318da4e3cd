import { connect, type Socket } from 'node:net';
import type { Attempt } from './attempts.js';

/** How long an answer or the end of a connection may take, milliseconds: beyond the server's own limits something hangs. */
const endMsMax = 60_000;

/** What came back for one request on a kept connection. `status` 0: the connection ended without an answer. */
export interface LaneAnswer {
  readonly status: number;
  readonly text: string;
}

const contentLength = /\r\ncontent-length: *(\d+)/i;
const chunkedCoding = /\r\ntransfer-encoding: *chunked/i;

/**
 * One client that keeps its connection, one request at a time, and opens another where the server closes it.
 */
export class Lane {
  readonly #port: number;
  #socket: Socket | undefined;
  #received = '';
  #waiting: ((answer: LaneAnswer) => void) | undefined;
  #bodiless = false;

  constructor(port: number) {
    this.#port = port;
  }

  /** Resolves with undefined when no whole answer comes. */
  ask({ bytes, method }: Attempt): Promise<LaneAnswer | undefined> {
    this.#bodiless = method === 'HEAD';
    return new Promise((resolve) => {
      const hang = setTimeout(() => resolve(undefined), endMsMax);
      this.#waiting = (answer) => {
        clearTimeout(hang);
        resolve(answer);
      };
      const socket = this.#socket ?? this.#open();
      socket.write(bytes);
    });
  }

  close(): void {
    this.#socket?.destroy();
  }

  #open(): Socket {
    const socket = connect({ host: '127.0.0.1', port: this.#port, noDelay: true });
    this.#socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (part: string) => {
      this.#received += part;
      this.#read();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      const text = this.#received;
      this.#received = '';
      this.#answer({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text });
    });
    return socket;
  }

  #read(): void {
    const headEnd = this.#received.indexOf('\r\n\r\n');
    if (headEnd === -1) return;
    const head = this.#received.slice(0, headEnd);
    const status = Number(head.slice(9, 12));
    const end = this.#bodiless || status === 204 ? headEnd + 4 : this.#endOfBody(head, headEnd + 4);
    if (end === undefined || this.#received.length < end) return;
    const text = this.#received.slice(0, end);
    this.#received = this.#received.slice(end);
    // Something is going to close it; a request that is written to it now would be lost.
    if (/\r\nconnection: *close/i.test(head)) {
      const socket = this.#socket;
      this.#socket = undefined;
      this.#received = '';
      socket?.destroy();
    }
    this.#answer({ status, text });
  }

  /** Undefined when it has not come yet. The gateway's own answers have a length; those of Node itself have chunks. */
  #endOfBody(head: string, start: number): number | undefined {
    const length = contentLength.exec(head);
    if (length !== null) return start + Number(length[1]);
    if (!chunkedCoding.test(head)) return start;
    const last = this.#received.indexOf('0\r\n\r\n', start);
    return last === -1 ? undefined : last + 5;
  }

  #answer(answer: LaneAnswer): void {
    const tell = this.#waiting;
    this.#waiting = undefined;
    tell?.(answer);
  }
}

/** How long a server may keep silent before the client says that nothing more will come, milliseconds. */
const silenceMs = 100;
/** Sends bytes on a connection of their own; resolves with everything that comes back, or undefined if it hangs. */
export function exchangeBytes(port: number, bytes: Buffer): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true }, () => socket.write(bytes));
    let text = '';
    const silence = setTimeout(() => socket.end(), silenceMs);
    const hang = setTimeout(() => {
      resolve(undefined);
      socket.destroy();
    }, endMsMax);
    socket.setEncoding('latin1');
    socket.on('data', (part: string) => {
      text += part;
      silence.refresh();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(silence);
      clearTimeout(hang);
      resolve(text);
    });
  });
}

/** Every status in a row of raw answers. */
export function statusesOf(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}
