import type { Owner } from './clock.js';

/** Something that is about to happen: a commit reaching the disk, an upstream answering, a client receiving. */
export interface Happening {
  readonly owner: Owner;
  readonly name: string;
  readonly run: () => void;
}

/** All that could happen next. Which of it does is the plan's choice. */
export class Happenings {
  #pending: Happening[] = [];

  get count(): number {
    return this.#pending.length;
  }

  add(owner: Owner, name: string, run: () => void): void {
    this.#pending.push({ owner, name, run });
  }

  /** Takes one out; any whole number names one, so that a plan with fewer steps is still a plan. */
  take(choice: number): Happening | undefined {
    if (this.#pending.length === 0) return undefined;
    const [taken] = this.#pending.splice(choice % this.#pending.length, 1);
    return taken;
  }

  /** Takes out the oldest whose name begins with this word. */
  takeOf(word: string): Happening | undefined {
    const at = this.#pending.findIndex(({ name }) => name.startsWith(`${word} `));
    return at < 0 ? undefined : this.#pending.splice(at, 1)[0];
  }

  /** Takes out what was added last, if it has this name. */
  takeLast(name: string): Happening | undefined {
    return this.#pending.at(-1)?.name === name ? this.#pending.pop() : undefined;
  }

  /** A process has died; what it was about to see, it does not see. */
  drop(owner: Owner): void {
    this.#pending = this.#pending.filter((each) => each.owner !== owner);
  }
}
