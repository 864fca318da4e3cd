import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { UpstreamError } from './error.js';

/** Who is told how sending a body ended. */
export interface BodyListener {
  /** Bytes went out. */
  moved(): void;
  sent(): void;
  broke(error: Error): void;
}

/**
 * Sends a body as it comes, at the upstream's pace: when the socket's buffer is full, the body is paused. In chunks
 * (RFC 9112 §7.1) unless its length was announced, and then exactly that many bytes.
 */
export class RequestBody {
  readonly #body: Readable;
  readonly #socket: Socket;
  readonly #listener: BodyListener;
  /** Bytes still to come; undefined when it goes in chunks. */
  #left: number | undefined;
  #over = false;

  constructor(body: Readable, announced: number | undefined, socket: Socket, listener: BodyListener) {
    this.#body = body;
    this.#left = announced;
    this.#socket = socket;
    this.#listener = listener;
    if (body.destroyed || body.readableEnded) {
      this.#over = true;
      process.nextTick(() => listener.broke(body.errored ?? brokeOff()));
      return;
    }
    body
      .on('data', this.#onData)
      .on('end', this.#onEnd)
      .on('error', this.#onClose)
      .on('close', this.#onClose);
    socket.on('drain', this.#onDrain);
  }

  /** True when the socket takes no more for now: it is the upstream that is slow. */
  get isBlocked(): boolean {
    return this.#socket.writableNeedDrain;
  }

  /** Sends nothing more. */
  stop(): void {
    if (this.#over) return;
    this.#over = true;
    this.#socket.off('drain', this.#onDrain);
    this.#body.off('data', this.#onData).off('end', this.#onEnd);
    // Its other listeners stay: an error that comes late must have somebody who hears it.
  }

  readonly #onData = (chunk: Buffer): void => {
    if (chunk.length === 0) return;
    this.#listener.moved();
    if (this.#left === undefined) {
      const socket = this.#socket;
      socket.cork();
      socket.write(`${chunk.length.toString(16)}\r\n`, 'latin1');
      socket.write(chunk);
      socket.write('\r\n', 'latin1');
      process.nextTick(() => socket.uncork());
    } else {
      this.#left -= chunk.length;
      if (this.#left < 0) {
        this.#break(new UpstreamError('upstream_body', 'The body is longer than its Content-Length.'));
        return;
      }
      this.#socket.write(chunk);
    }
    if (this.#socket.writableNeedDrain) this.#body.pause();
  };

  readonly #onDrain = (): void => {
    this.#listener.moved();
    this.#body.resume();
  };

  readonly #onEnd = (): void => {
    if (this.#left !== undefined && this.#left > 0) {
      this.#break(new UpstreamError('upstream_body', 'The body is shorter than its Content-Length.'));
      return;
    }
    if (this.#left === undefined) this.#socket.write('0\r\n\r\n', 'latin1');
    this.stop();
    this.#listener.sent();
  };

  readonly #onClose = (): void => {
    if (!this.#over) this.#break(this.#body.errored ?? brokeOff());
  };

  #break(error: Error): void {
    this.stop();
    this.#listener.broke(error);
  }
}

function brokeOff(): Error {
  return new UpstreamError('upstream_body', 'The body that was to be sent broke off.');
}
