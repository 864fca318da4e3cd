import { isAbsolute } from 'node:path';
import type { Amount } from '@farebox/protocol';
import { creditRetentionMs, finest, finishedRetentionMs } from '../limits.js';
import { parseDuration } from './duration.js';
import { type KeyPath, type RawIssue, show } from './file-issues.js';
import type { PolicyInput } from './file-schema.js';
import { schemaAt } from './json-schema.js';
import type { Money } from './money.js';
import type { ApprovalRule, LimitRules, Policy, PolicyLists } from './policy.js';

/** How long an answer may take when nothing is said, milliseconds. */
export const approvalTimeoutMs = 60_000;
/** Largest amount of a policy in the finest unit: what the journal can add up is larger. */
const amountMax = 2n ** 60n;

/** Turns what the schema has read into a policy; the issues are what the schema cannot see. */
export function resolvePolicy(
  input: PolicyInput,
  source: string,
  money: Money,
): { readonly policy: Policy; readonly issues: readonly RawIssue[] } {
  const reader = new Reader(money);
  const scopes = (key: 'hosts' | 'methods') =>
    new Map(
      Object.entries(input[key] ?? {}).map(([name, rules]) => [name, reader.rules(rules, [key, name])]),
    );
  const policy: Policy = {
    source,
    limits: reader.rules(input.limits, ['limits']),
    hosts: scopes('hosts'),
    eachHost: input.each_host && reader.rules(input.each_host, ['each_host']),
    methods: scopes('methods'),
    allow: lists(input.allow),
    deny: { origins: [], paths: [], payees: [], ...lists(input.deny) },
    plainHttp: input.plain_http ?? [],
    approval: input.approval && reader.approval(input.approval),
    retention: {
      finishedMs: reader.duration(input.retention?.finished, ['retention', 'finished'], finishedRetentionMs),
      creditMs: reader.duration(input.retention?.credit, ['retention', 'credit'], creditRetentionMs),
    },
  };
  return { policy, issues: reader.issues };
}

/** Without the lists that were not given: those allow everything. */
function lists(given: PolicyInput['allow']): Partial<PolicyLists> {
  const { origins, paths, payees } = given ?? {};
  return { ...(origins && { origins }), ...(paths && { paths }), ...(payees && { payees }) };
}

type Scope = NonNullable<PolicyInput['each_host']>;

class Reader {
  readonly issues: RawIssue[] = [];
  readonly #money: Money;

  constructor(money: Money) {
    this.#money = money;
  }

  rules(scope: Scope, path: KeyPath): LimitRules {
    const read = (key: keyof LimitRules) => this.amounts(scope[key], [...path, key]);
    return { payment: read('payment'), fee: read('fee'), hour: read('hour'), day: read('day') };
  }

  approval(input: NonNullable<PolicyInput['approval']>): ApprovalRule {
    const { by, command = [], timeout } = input;
    if (by === 'command' && !isAbsolute(command[0] ?? '')) {
      const message = 'by: command needs a list of an absolute path and its arguments.';
      this.#fault(['approval', 'command'], message);
    }
    const timeoutMs = this.duration(timeout, ['approval', 'timeout'], approvalTimeoutMs);
    return { above: this.amounts(input.above, ['approval', 'above']), by, command, timeoutMs };
  }

  /** One amount for each currency. */
  amounts(given: string | readonly string[] | undefined, path: KeyPath): readonly Amount[] {
    if (given === undefined) return [];
    const seen = new Set<string>();
    const texts = typeof given === 'string' ? [given] : given;
    return texts.flatMap((text, index) => {
      const at = typeof given === 'string' ? path : [...path, index];
      const amount = this.#money.parse(text);
      if (amount === undefined || finest(amount).amount > amountMax) {
        const names = ['100 sat', ...this.#money.tokens.map((name) => `0.1 ${name}`)].join(' or ');
        this.#fault(at, `was given ${show(text)}; write an amount with its unit, such as ${names}.`);
        return [];
      }
      const { currency } = finest(amount);
      if (seen.has(currency)) this.#fault(at, 'is a second amount of the same currency; keep one.');
      seen.add(currency);
      return [amount];
    });
  }

  duration(text: string | undefined, path: KeyPath, otherwise: number): number {
    if (text === undefined) return otherwise;
    const ms = parseDuration(text) ?? Number.NaN;
    const { leastMs = 0, mostMs = 0, allowed = 'another duration' } = schemaAt(path) ?? {};
    if (!(ms >= leastMs && ms <= mostMs)) this.#fault(path, `was given ${show(text)}; write ${allowed}.`);
    return ms;
  }

  #fault(path: KeyPath, message: string): void {
    this.issues.push({ path, message, atKey: false });
  }
}
