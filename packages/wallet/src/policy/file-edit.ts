import { isScalar, isSeq, parseDocument, YAMLSeq } from 'yaml';
import { finest } from '../limits.js';
import { formatKey, type KeyPath } from './file-issues.js';
import { type ParsedPolicy, parsePolicy } from './file-parse.js';
import type { Money } from './money.js';

/** One change of a policy. */
export interface PolicyChange {
  /** `limits.day`, `hosts[api.example.com].day`. */
  readonly key: string;
  /** Amounts replace those of the same currency, places and people are added, anything else is replaced. */
  readonly values: readonly string[];
  /** Takes the values away, or the whole key when there are none. */
  readonly remove?: boolean | undefined;
}

/** A change that cannot be made: one sentence. The file is as it was. */
export class PolicyChangeError extends Error {
  override readonly name = 'PolicyChangeError';
  readonly code = 'policy_change';
}

/** What a key holds, by its last step and its place. */
type Kind = 'amounts' | 'list' | 'words' | 'text';

const amountKeys = ['payment', 'fee', 'hour', 'day'];
const listKeys = ['origins', 'paths', 'payees'];

/**
 * Changes one value in the text of a policy. Comments and the order of everything else stay. The result is a policy that
 * can be loaded, or an error.
 *
 * @throws PolicyChangeError, PolicyError
 */
export function changePolicy(
  text: string,
  source: string,
  money: Money,
  change: PolicyChange,
): ParsedPolicy & { readonly text: string } {
  // What is broken is mended by hand: an edit could hide what was meant.
  parsePolicy(text, source, money);
  const document = parseDocument(text);
  const path = parseKey(change.key);
  const kind = kindOf(path, change.key);
  if (change.remove === true && change.values.length === 0) {
    if (!document.deleteIn(path)) throw new PolicyChangeError(`There is no ${change.key} in ${source}.`);
  } else if (change.values.length === 0) {
    throw new PolicyChangeError(`Say what ${change.key} is to be, or give --remove.`);
  } else if (kind === 'amounts' || kind === 'list') {
    const values = kind === 'amounts' ? splitAmounts(change.values) : change.values;
    changeList(document, path, { values, remove: change.remove === true, same: sameness(kind, money) });
  } else {
    const value = kind === 'words' ? [...change.values] : change.values.join(' ');
    document.setIn(path, kind === 'words' ? document.createNode(value, { flow: true }) : value);
  }
  // As the file has it, so that lines which nobody touched stay as they are.
  const changed = document.toString({ lineWidth: 0, flowCollectionPadding: /[[{] /.test(text) });
  return { ...parsePolicy(changed, source, money), text: changed };
}

/** Reads `hosts[api.example.com].day` as its steps. */
function parseKey(key: string): KeyPath {
  const steps: string[] = [];
  const step = /(?:^|\.)([a-z0-9_-]{1,60})|\[([^\][]{1,260})\]/giy;
  while (step.lastIndex < key.length) {
    const found = step.exec(key);
    if (found === null || steps.length > 4) throw unknownKey(key);
    steps.push(found[1] ?? found[2] ?? '');
  }
  return steps;
}

function kindOf(path: KeyPath, key: string): Kind {
  const [first = '', second = '', third = ''] = path.map(String);
  const scoped = first === 'hosts' || first === 'methods';
  if (scoped && path.length === 3 && amountKeys.includes(third)) return 'amounts';
  if (scoped && path.length <= 3) throw unknownKey(key);
  if (path.length === 2 && (first === 'limits' || first === 'each_host') && amountKeys.includes(second))
    return 'amounts';
  if (path.length === 2 && (first === 'allow' || first === 'deny') && listKeys.includes(second))
    return 'list';
  if (path.length === 1 && first === 'plain_http') return 'list';
  const dotted = formatKey(path);
  if (dotted === 'approval.above') return 'amounts';
  if (dotted === 'approval.command') return 'words';
  if (['approval.by', 'approval.timeout', 'retention.finished', 'retention.credit'].includes(dotted))
    return 'text';
  throw unknownKey(key);
}

function unknownKey(key: string): PolicyChangeError {
  return new PolicyChangeError(
    `${JSON.stringify(key.slice(0, 80))} is no key of a policy. Keys are such as limits.day, hosts[api.example.com].payment, methods.lightning.hour, each_host.day, allow.origins, deny.payees, plain_http, approval.above, approval.by, retention.finished.`,
  );
}

/** `2000 sat`, `2000sat,1pathUSD`, and what a shell has torn apart. */
function splitAmounts(values: readonly string[]): readonly string[] {
  const text = values.join(' ');
  const found = [...text.matchAll(/\s*,?\s*([0-9._]+)\s*([A-Za-z][^\s,]*|0x[^\s,]*)\s*,?/gy)];
  const read = found.reduce((length, [whole]) => length + whole.length, 0);
  if (read !== text.length)
    throw new PolicyChangeError(
      `${JSON.stringify(text.slice(0, 80))} is no amount; write it such as "2000 sat".`,
    );
  return found.map(([, number, unit]) => `${number} ${unit}`);
}

function sameness(kind: 'amounts' | 'list', money: Money): (a: string, b: string) => boolean {
  if (kind === 'list') return (a, b) => a.toLowerCase() === b.toLowerCase();
  const currency = (text: string) => {
    const amount = money.parse(text);
    return amount && finest(amount).currency;
  };
  return (a, b) => currency(a) !== undefined && currency(a) === currency(b);
}

interface ListChange {
  readonly values: readonly string[];
  readonly remove: boolean;
  readonly same: (a: string, b: string) => boolean;
}

/** Changes the items one by one, so that the comments of the others stay where they are. */
function changeList(document: ReturnType<typeof parseDocument>, path: KeyPath, change: ListChange): void {
  const found = document.getIn(path, true);
  // A missing key, or one amount without a list.
  const list = isSeq(found) ? found : new YAMLSeq(document.schema);
  if (isScalar(found) && found.value !== null) list.add(found);
  for (const value of change.values) {
    const at = list.items.findIndex((item) => isScalar(item) && change.same(String(item.value), value));
    const item = list.items[at];
    if (change.remove) {
      if (at < 0) throw new PolicyChangeError(`${value} is not under ${formatKey(path)}.`);
      list.delete(at);
    } else if (isScalar(item)) item.value = value;
    else list.add(document.createNode(value));
  }
  if (list.items.length === 0 && change.remove) document.deleteIn(path);
  else if (list !== found) document.setIn(path, list);
}
