import type { Gate } from '@farebox/gate';
import type { Ledger } from '@farebox/ledger';
import type { Connection } from './connection.js';

/** One gateway process, from its start to its crash. Everything in it is volatile. */
export class Process {
  alive = true;
  readonly number: number;
  /** Its number as a holder of claims. */
  readonly holder: number;
  readonly connections = new Set<Connection>();
  /** Challenges that were genuinely presented to it: no other may be written for. */
  readonly presented = new Set<string>();
  /** Challenges whose answer it has seen leave completely. */
  readonly completed = new Set<string>();
  /** Deliveries that its ledger has granted and that have not become an answer yet. */
  readonly granted = new Map<string, number>();
  /** Ledger operations that were refused or hung. */
  troubles = 0;
  /** Its disk has hung, so that answers of the ledger may have come after the gate gave up on them. */
  late = false;
  #gate: Gate | undefined;
  #ledger: Ledger | undefined;

  constructor(number: number, holder: number) {
    this.number = number;
    this.holder = holder;
  }

  get gate(): Gate {
    if (this.#gate === undefined) throw new Error('The process has no gate yet.');
    return this.#gate;
  }

  get ledger(): Ledger {
    if (this.#ledger === undefined) throw new Error('The process has no ledger yet.');
    return this.#ledger;
  }

  start(gate: Gate, ledger: Ledger): void {
    this.#gate = gate;
    this.#ledger = ledger;
  }
}
