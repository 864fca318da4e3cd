import type { ServerResponse } from 'node:http';
import { endWhole } from '@farebox/gate';

/** How long a client may take none of an answer that waits for it. */
export const clientStallMsMax = 60_000;

/** What resumes an upstream that was not paused. */
export const NO_RESUME = (): void => {};

/**
 * Writes an upstream's body to a client at the client's pace: when the client does not keep up, the upstream is
 * paused, so an answer of any size takes a few buffers of memory.
 */
export class ClientPipe {
  readonly #response: ServerResponse;
  readonly #stallMsMax: number;
  /** Bytes still to come; undefined when the length is not known. */
  #left: number | undefined;
  /** What the client is being waited for with; undefined while it keeps up. */
  #resume: (() => void) | undefined;
  #stall: NodeJS.Timeout | undefined;
  #watching = false;

  constructor(response: ServerResponse, length: number | undefined, stallMsMax = clientStallMsMax) {
    this.#response = response;
    this.#left = length;
    this.#stallMsMax = stallMsMax;
  }

  /** The client has made the upstream wait within this answer: what befell the upstream since may be the client's doing. */
  get hasWaited(): boolean {
    return this.#watching;
  }

  /** Returns false when the upstream should pause until `resume` is called. */
  push(chunk: Buffer, resume: () => void): boolean {
    const response = this.#response;
    if (response.destroyed || response.writableEnded) return true;
    if (this.#left !== undefined) {
      this.#left -= chunk.length;
      if (this.#left <= 0) {
        endWhole(response, chunk);
        process.nextTick(guardStall, response, this.#stallMsMax);
        return true;
      }
    }
    if (response.write(chunk)) return true;
    this.#resume = resume;
    this.#stall = setTimeout(() => response.destroy(), this.#stallMsMax);
    this.#stall.unref();
    if (!this.#watching) {
      this.#watching = true;
      response.on('drain', () => this.#drained());
      response.once('close', () => clearTimeout(this.#stall));
    }
    return false;
  }

  #drained(): void {
    const resume = this.#resume;
    this.#resume = undefined;
    clearTimeout(this.#stall);
    resume?.();
  }

  end(): void {
    if (!this.#response.writableEnded && !this.#response.destroyed) this.#response.end();
  }
}

/** Ends a response with a body that was held until it was whole; undefined: it has none. */
export function endHeld(response: ServerResponse, body: Buffer | undefined): void {
  if (body === undefined) response.end();
  else endWhole(response, body);
  // Only then has it been handed over, and can it be seen whether the client takes it.
  process.nextTick(guardStall, response);
}

/** Ends the connection of a client that does not take the rest of an answer that has been handed over whole. */
export function guardStall(response: ServerResponse, stallMsMax = clientStallMsMax): void {
  if (response.writableLength === 0) return;
  const stalled = setTimeout(() => response.destroy(), stallMsMax);
  stalled.unref();
  response.once('close', () => clearTimeout(stalled));
}

/** True when an answer to this request has no content, whatever its fields say (RFC 9110 §6.4.1). */
export function isBodiless(method: string | undefined, status: number): boolean {
  return method === 'HEAD' || status === 204 || status === 205 || status === 304;
}
