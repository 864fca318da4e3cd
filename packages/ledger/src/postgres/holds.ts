import { whole } from '../front/rows.js';
import type { Hold } from '../transitions.js';
import { HOLDER_FENCED, HOLDER_LAPSED } from './statements.js';

/** These holders must be fenced before what they hold may be moved: their leases have run out, and no more is certain. */
export class MustFence extends Error {
  override readonly name = 'MustFence';
  readonly holders: readonly number[];

  constructor(holders: readonly number[]) {
    super('a dead holder must be fenced first');
    this.holders = holders;
  }
}

/** What one transaction knows of the holders of claims, seen by one of them. */
export class Holds {
  readonly #self: number;
  readonly #spared: ReadonlySet<number>;
  readonly #standings = new Map<number, number>();
  readonly #taken = new Set<number>();

  /**
   * @param self the holder that looks
   * @param spared holders that could not be fenced a moment ago although their leases had run out: they count as alive
   */
  constructor(self: number, spared: ReadonlySet<number>) {
    this.#self = self;
    this.#spared = spared;
  }

  /** What the database says of a holder, see `HOLDER_FENCED`; null or undefined when it has no row any more. */
  learn(holder: number, standing: unknown): void {
    this.#standings.set(holder, standing == null ? HOLDER_FENCED : whole(standing, 'holder'));
  }

  /** True when {@link of} has what it needs. */
  knows(holder: number): boolean {
    return holder === this.#self || this.#standings.has(holder);
  }

  /** In whose hands is what this holder holds. */
  of(holder: number): Hold {
    const standing = this.#standings.get(holder);
    // Who was fenced is not even itself any more.
    if (standing === HOLDER_FENCED) return 'orphaned';
    if (holder === this.#self) return 'mine';
    return standing === HOLDER_LAPSED && !this.#spared.has(holder) ? 'orphaned' : 'theirs';
  }

  /** Something is taken over from this holder. */
  takeFrom(holder: number): void {
    if (this.of(holder) === 'orphaned' && this.#standings.get(holder) !== HOLDER_FENCED)
      this.#taken.add(holder);
  }

  /**
   * Whoever something was taken over from is dead for certain.
   *
   * @throws {MustFence}
   */
  assertDead(): void {
    if (this.#taken.size > 0) throw new MustFence([...this.#taken]);
  }
}
