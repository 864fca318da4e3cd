import { withDeadline } from '../../charge/deadline.js';
import { type NodeCapabilities, NodeError, type NodeInfo } from '../../node.js';

/** What was looked at. */
export type NodeCheck =
  | 'reach'
  | 'network'
  | 'rights'
  | 'invoice'
  | 'lookup'
  | 'cancel'
  | 'balance'
  | 'track'
  | 'capability'
  | 'round-trip';

/** One thing that was found out. */
export interface NodeFinding {
  readonly check: NodeCheck;
  /** `fault`: it cannot be used so. `warning`: it can, at a risk that `text` names. `skipped`: it could not be looked at. */
  readonly level: 'ok' | 'warning' | 'fault' | 'skipped';
  /** One sentence for people, with what to do next where something is to be done. Holds no secret. */
  readonly text: string;
}

/** What is to be known of a node before it is relied upon. */
export interface NodeReport {
  readonly purpose: 'sell' | 'pay';
  /** Absent when the node could not be reached. */
  readonly info?: NodeInfo;
  readonly capabilities: NodeCapabilities;
  readonly findings: readonly NodeFinding[];
  /** No finding is a fault. */
  readonly usable: boolean;
}

/** How long a node may take for one question of an examination, milliseconds. */
export const questionMsDefault = 20_000;

/** @internal The findings of one examination, as they come. */
export class Findings {
  readonly list: NodeFinding[] = [];
  readonly #questionMs: number;

  constructor(questionMs = questionMsDefault) {
    this.#questionMs = questionMs;
  }

  add(check: NodeCheck, level: NodeFinding['level'], text: string): void {
    this.list.push({ check, level, text });
  }

  /** Asks the node. Its failure becomes a finding of this level, and the answer undefined. */
  async ask<T>(
    check: NodeCheck,
    what: string,
    question: () => Promise<T>,
    failed: 'fault' | 'skipped' = 'fault',
  ): Promise<{ answer: T } | undefined> {
    try {
      return { answer: await withDeadline(question(), this.#questionMs) };
    } catch (error) {
      // Only a node's own errors promise to hold no secret.
      const why =
        error instanceof NodeError ? error.message : 'it gave no answer in time, or failed without a reason.';
      this.add(check, failed, `${what} does not work: ${why}`);
      return undefined;
    }
  }

  report(
    purpose: NodeReport['purpose'],
    capabilities: NodeCapabilities,
    info: NodeInfo | undefined,
  ): NodeReport {
    return {
      purpose,
      ...(info === undefined ? {} : { info }),
      capabilities,
      findings: this.list,
      usable: this.list.every(({ level }) => level !== 'fault'),
    };
  }
}
