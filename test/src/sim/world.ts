import { redeliveriesMaxDefault } from '@farebox/gate';
import { Clients } from './clients.js';
import { Clock, installTimers, type Owner, settlePromises } from './clock.js';
import type { Facts } from './facts.js';
import { Gateways, type Ground, type Parts, trueParts } from './gateways.js';
import { type Happening, Happenings } from './happenings.js';
import { checkDisk } from './ledger-checks.js';
import { SimNode } from './node.js';
import type { Plan, Step } from './plan.js';
import { Process } from './process.js';
import { Person, sweepTermsAt } from './upkeep.js';

/**
 * Everything but the plan: node, disk, gateways, upstream, clients, and the time they live in. Nothing moves but by a
 * step; after each step every promise goes as far as it can, and everything is looked at. One world at a time: it puts
 * its timers in place of the process's, until {@link World.end}.
 */
export class World {
  readonly facts: Facts;
  readonly gateways: Gateways;
  readonly trace: string[] = [];
  readonly #clients: Clients;
  readonly #person: Person;
  readonly #happenings = new Happenings();
  readonly #outside: Owner = {};
  // Whose turn it is: timers that are set meanwhile are its own.
  #turn: Owner = this.#outside;
  readonly #restoreTimers: () => void;
  #steps = 0;

  constructor(plan: Plan, parts: Parts = trueParts) {
    const clock = new Clock();
    this.facts = {
      clock,
      store: parts.makeStore(),
      node: new SimNode(plan.seed),
      redeliveriesMax: redeliveriesMaxDefault,
      purchases: new Map(),
      presentations: [],
      upstreamAsked: new Set(),
      executions: new Map(),
      answersBegun: new Map(),
      promised: new Map(),
      doubtful: new Set(),
      crashed: new Set(),
      clientsLeft: new Set(),
      violations: [],
    };
    const say = (line: string) => void this.trace.push(line);
    const ground: Ground = { plan, parts, facts: this.facts, happenings: this.#happenings, say };
    this.#restoreTimers = installTimers(
      (run, delayMs) => clock.set(this.#turn, delayMs, run),
      (timer) => clock.clear(timer),
    );
    this.gateways = new Gateways(ground);
    this.#clients = new Clients(ground, this.gateways, this.#outside);
    this.#person = new Person(this.facts);
  }

  /** Gives the process its own timers back. */
  end(): void {
    this.#restoreTimers();
  }

  /** From now on the disk and the node are well. */
  calm(): void {
    this.gateways.calm();
    this.facts.node.up = true;
  }

  /** Does one step and all that follows from it at once, then looks at everything. */
  async step(step: Step): Promise<void> {
    this.#steps++;
    this.trace.push(`${this.#steps} ${describeStep(step)}`);
    await this.#do(step);
    await this.#settle();
  }

  async #do(step: Step): Promise<void> {
    switch (step.do) {
      case 'ask':
        // A client's first bytes reach a process: what that sets is its own.
        this.#turn = this.gateways.next;
        this.#clients.ask(step);
        // Unpaid requests are whole steps: nothing interesting happens in between.
        await this.#settle();
        return this.#finishAnswers();
      case 'pay':
        return this.#clients.pay(step.purchase);
      case 'present':
        this.#turn = this.gateways.next;
        return void this.#clients.present(step);
      case 'next':
        return this.#next(step.choice);
      case 'cut':
        this.#turn = this.#clients.cut(step.choice) ?? this.#outside;
        return;
      case 'wait':
        return this.#wait(step.ms);
      case 'crash':
        return this.gateways.crash(this.gateways.at(step.gateway));
      case 'stop': {
        const process = this.gateways.at(step.gateway);
        this.#turn = process;
        for (const use of this.facts.presentations) if (use.open && use.process === process) use.stop();
        return;
      }
      case 'node':
        this.facts.node.up = step.up;
        return;
      case 'sweep': {
        if (step.afterMs > 0) await this.#wait(step.afterMs, true);
        const process = this.gateways.at(step.gateway);
        this.#turn = process;
        // What a failed sweep left is done by the next.
        process.ledger.sweep(sweepTermsAt(this.facts.clock.nowMs)).catch(() => {});
        return;
      }
      case 'refund':
      case 'resolve':
        return this.#byHand(step.do, step.purchase);
      case 'finish':
        return this.#finish();
    }
  }

  #byHand(what: 'refund' | 'resolve', number: number): void {
    const purchase = this.facts.purchases.get(number);
    if (purchase === undefined) return;
    const isQuiet = this.#happenings.count === 0;
    const said = what === 'refund' ? this.#person.refund(purchase) : this.#person.resolve(purchase, isQuiet);
    this.trace.push(`    ${said}`);
  }

  async #settle(): Promise<void> {
    await settlePromises();
    this.#turn = this.#outside;
    this.gateways.restart();
    checkDisk(this.facts);
  }

  #next(choice: number): void {
    const happening = this.#happenings.take(choice);
    if (happening !== undefined) this.#happen(happening);
  }

  #happen({ name, owner, run }: Happening): void {
    this.trace.push(`    ${name}`);
    this.#turn = owner;
    run();
  }

  #finishAnswers(): void {
    const receives = this.#happenings.takeLast('client receives all');
    receives?.run();
  }

  /** `disksGoOn`: unlike an upstream or a client, no disk is waited for that long. */
  async #wait(ms: number, disksGoOn = false): Promise<void> {
    const { clock } = this.facts;
    const untilMs = clock.nowMs + ms;
    if (disksGoOn) await this.#catchUp();
    for (let timer = clock.advance(untilMs); timer !== undefined; timer = clock.advance(untilMs)) {
      this.#turn = timer.owner;
      // Every timer of a process is a deadline of its ledger, or the disk that comes back.
      if (timer.owner instanceof Process) timer.owner.late = true;
      timer.run();
      await this.#settle();
      if (disksGoOn) await this.#catchUp();
    }
  }

  /** Whatever the ledgers are about to do, they do. */
  async #catchUp(): Promise<void> {
    for (let next = this.#happenings.takeOf('ledger'); next; next = this.#happenings.takeOf('ledger')) {
      this.#happen(next);
      await this.#settle();
    }
  }

  /** Until nothing is pending: a disk that hangs is waited for. */
  async #finish(): Promise<void> {
    while (this.facts.violations.length === 0) {
      const { nextInMs } = this.facts.clock;
      if (this.#happenings.count > 0) this.#next(0);
      else if (nextInMs !== undefined) await this.#wait(nextInMs);
      else return;
      await this.#settle();
    }
  }
}

/** A step in words, for traces. */
export function describeStep(step: Step): string {
  const { do: verb, ...rest } = step;
  return `${verb} ${JSON.stringify(rest)}`;
}
