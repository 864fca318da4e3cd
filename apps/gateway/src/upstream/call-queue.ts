import type { Call } from './call.js';

/** Calls that wait for a connection, first come first served. A linked list: one that is stopped leaves at once. */
export class CallQueue {
  #first: Call | undefined;
  #last: Call | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get first(): Call | undefined {
    return this.#first;
  }

  push(call: Call): void {
    call.before = this.#last;
    if (this.#last === undefined) this.#first = call;
    else this.#last.after = call;
    this.#last = call;
    this.#size += 1;
  }

  /** Puts a call in front of all others: it had its turn, and the connection was no good. */
  pushFirst(call: Call): void {
    call.after = this.#first;
    if (this.#first === undefined) this.#last = call;
    else this.#first.before = call;
    this.#first = call;
    this.#size += 1;
  }

  shift(): Call | undefined {
    const call = this.#first;
    if (call !== undefined) this.remove(call);
    return call;
  }

  /** Takes out a call that is in the queue; does nothing to any other. */
  remove(call: Call): void {
    if (call.before === undefined && this.#first !== call) return;
    if (call.before === undefined) this.#first = call.after;
    else call.before.after = call.after;
    if (call.after === undefined) this.#last = call.before;
    else call.after.before = call.before;
    call.before = undefined;
    call.after = undefined;
    this.#size -= 1;
  }
}
