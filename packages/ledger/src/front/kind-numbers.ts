import type { ClaimRequest } from '../ledger.js';
import { nameOutOfBounds } from '../request-bounds.js';
import type { Field } from './messages.js';

interface NumberedKind {
  readonly number: number;
  readonly method: string;
  readonly intent: string;
  readonly currency: string;
}

/** Numbers for what many claims have in common, so that their names cross to the ledger's store only once. */
export class KindNumbers {
  readonly #byRoute = new Map<string, NumberedKind[]>();
  #count = 0;
  #fresh: Field[] = [];

  /** The number of a request's kind; a text says why it can have none. */
  of(request: ClaimRequest): number | string {
    const { method, intent, route } = request;
    const { currency } = request.paid;
    const known = this.#byRoute.get(route);
    if (known !== undefined) {
      for (const kind of known) {
        if (kind.method === method && kind.intent === intent && kind.currency === currency)
          return kind.number;
      }
    }
    for (const name of [method, intent, currency, route]) {
      const reason = nameOutOfBounds(name);
      if (reason !== undefined) return reason;
    }
    const number = this.#count++;
    const kinds = known ?? [];
    kinds.push({ number, method, intent, currency });
    this.#byRoute.set(route, kinds);
    this.#fresh.push(number, method, intent, currency, route);
    return number;
  }

  /** The kinds named since the last call: number, method, intent, currency, route, and so on. */
  takeFresh(): readonly Field[] {
    if (this.#fresh.length === 0) return none;
    const fresh = this.#fresh;
    this.#fresh = [];
    return fresh;
  }
}

const none: readonly Field[] = [];
