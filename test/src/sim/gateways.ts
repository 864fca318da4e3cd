import { createGate, type Gate, type GateEvent } from '@farebox/gate';
import type { Ledger } from '@farebox/ledger';
import type { SellerMethod } from '@farebox/protocol';
import { checkEvent } from './answer-checks.js';
import { type StartExchange, startExchange } from './exchange.js';
import type { Facts } from './facts.js';
import type { Happenings } from './happenings.js';
import { SimLedger } from './ledger.js';
import { checkAsked, noteTold } from './ledger-checks.js';
import type { Plan } from './plan.js';
import { Process } from './process.js';
import { realm, secret } from './shop.js';
import { Store } from './store.js';
import type { FaultKind } from './store-faults.js';
import { checkSwept, replayWindowMs } from './upkeep.js';

/** How long a dead gateway's claims are still its own, where others share its ledger. */
export const leaseMs = 15_000;

/** What a world is made of. The mutants replace one part with a wrong one; nobody else replaces any. */
export interface Parts {
  readonly makeStore: () => Store;
  readonly wrapLedger: (ledger: Ledger) => Ledger;
  readonly wrapGate: (gate: Gate, ledger: Ledger) => Gate;
  readonly wrapSeller: (seller: SellerMethod) => SellerMethod;
  readonly startExchange: StartExchange;
}

/** The world as it should be. */
export const trueParts: Parts = {
  makeStore: () => new Store(),
  wrapLedger: (ledger) => ledger,
  wrapGate: (gate) => gate,
  wrapSeller: (seller) => seller,
  startExchange,
};

/** What all parts of one world share. */
export interface Ground {
  readonly plan: Plan;
  readonly parts: Parts;
  readonly facts: Facts;
  readonly happenings: Happenings;
  /** One line of the trace. */
  readonly say: (line: string) => void;
}

/**
 * The gateways of a world, each a process that dies and is started again. A new process gets a new ledger handle, so
 * that the gate, which remembers by handle what is in flight, remembers nothing.
 */
export class Gateways {
  readonly #ground: Ground;
  readonly #processes: Process[] = [];
  /** Operations that ledgers were asked for. */
  operations = 0;
  /** Processes that were started. */
  started = 0;
  /** Faults that came to pass. */
  faultsHit = 0;
  #faulty = true;

  constructor(ground: Ground) {
    this.#ground = ground;
    for (let place = 0; place < ground.plan.gateways; place++) this.#start(place);
  }

  /** The process that the next request goes to. */
  get next(): Process {
    const { presentations } = this.#ground.facts;
    return this.at(presentations.length);
  }

  /** The process at a place; any whole number is one. */
  at(place: number): Process {
    const process = this.#processes[place % this.#processes.length];
    if (process === undefined) throw new RangeError('A world has at least one gateway.');
    return process;
  }

  /** From now on every disk is well. */
  calm(): void {
    this.#faulty = false;
  }

  /** Starts what has died. */
  restart(): void {
    for (const [place, process] of this.#processes.entries()) if (!process.alive) this.#start(place);
  }

  /** Everything volatile is gone; what its promises would still do, nobody sees. */
  crash(process: Process): void {
    if (!process.alive) return;
    const { facts, happenings, plan, say } = this.#ground;
    say(`    process ${process.number} dies`);
    process.alive = false;
    // A file's next opener knows at once that nobody else has it; of many gateways, each must outlive the other's lease.
    facts.store.bury(process.holder, facts.clock.nowMs + (plan.gateways > 1 ? leaseMs : 0));
    happenings.drop(process);
    facts.clock.drop(process);
    for (const challengeId of process.presented) {
      facts.doubtful.add(challengeId);
      facts.crashed.add(challengeId);
    }
    for (const connection of process.connections) connection.lose();
  }

  #start(place: number): void {
    const { facts, parts } = this.#ground;
    const process = new Process(++this.started, facts.store.openHolder());
    const ledger = parts.wrapLedger(this.#ledgerOf(process));
    const { clock, node } = facts;
    const gate = createGate({
      realm,
      secrets: [secret],
      methods: [parts.wrapSeller(node.seller())],
      ledger,
      now: () => clock.nowMs,
      replayWindowMs,
      onEvent: (event: GateEvent) => {
        if (process.alive) checkEvent(facts, event);
      },
    });
    process.start(parts.wrapGate(gate, ledger), ledger);
    this.#processes[place] = process;
  }

  #ledgerOf(process: Process): SimLedger {
    const { facts, happenings, plan, say } = this.#ground;
    const faults = new Map<number, FaultKind>(plan.faults.map(({ operation, kind }) => [operation, kind]));
    return new SimLedger({
      store: facts.store,
      holder: process.holder,
      nowMs: () => facts.clock.nowMs,
      alive: () => process.alive,
      nextOperation: () => ++this.operations,
      faultOf: ({ number }) => (this.#faulty ? faults.get(number) : undefined),
      later: (name, run) => happenings.add(process, name, run),
      after: (delayMs, run) => {
        const timer = facts.clock.set(process, delayMs, run);
        return () => facts.clock.clear(timer);
      },
      crash: () => {
        this.faultsHit++;
        this.crash(process);
      },
      asked: (operation) => {
        say(`    #${operation.number} ${operation.verb} ${operation.challengeId.slice(0, 6)}`);
        checkAsked(facts, process, operation);
      },
      told: (operation, granted) => noteTold(facts, process, operation, granted),
      swept: (before, terms) => checkSwept(facts, before, facts.store.rows, terms),
      refused: ({ challengeId }) => {
        process.troubles++;
        facts.doubtful.add(challengeId);
        this.faultsHit++;
      },
    });
  }
}
