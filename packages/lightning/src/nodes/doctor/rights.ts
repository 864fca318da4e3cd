import { type HeldRight, type NodeRight, tellsRights } from '../rights.js';
import type { Findings, NodeReport } from './findings.js';

type Purpose = NodeReport['purpose'];

/** Without these it does not work. */
const needed: Readonly<Record<Purpose, readonly NodeRight[]>> = {
  sell: ['invoice', 'lookup'],
  pay: ['pay', 'track'],
};

/** Without these it works, but not as well. */
const wanted: Readonly<Record<Purpose, readonly NodeRight[]>> = { sell: ['info'], pay: ['info', 'balance'] };

/** With these, whoever steals the credential can do more than the purpose needs. */
const tooWide: Readonly<Record<Purpose, readonly NodeRight[]>> = {
  sell: ['pay', 'onchain', 'administer'],
  pay: ['onchain', 'administer'],
};

const could: Readonly<Partial<Record<NodeRight, string>>> = {
  pay: 'pay from the node',
  onchain: 'spend its coins on chain',
  administer: 'administer the node',
};

const gerund = { sell: 'Selling', pay: 'Paying' } as const;

/** Says which permissions of the node's credential are missing, and which are wider than the purpose needs. */
export async function examineRights(findings: Findings, node: object, purpose: Purpose): Promise<void> {
  if (!tellsRights(node)) {
    findings.add('rights', 'skipped', 'This kind of node does not tell what its credential allows.');
    return;
  }
  const told = await findings.ask('rights', 'Asking what the credential allows', () => node.rights());
  if (told === undefined) return;
  if (told.answer === undefined) {
    findings.add('rights', 'skipped', 'The node does not tell what this credential allows.');
    return;
  }
  judge(findings, told.answer, purpose);
}

function judge(findings: Findings, rights: readonly HeldRight[], purpose: Purpose): void {
  const before = findings.list.length;
  const of = (names: readonly NodeRight[], held: boolean) =>
    rights.filter((each) => names.includes(each.right) && each.held === held);
  for (const { word } of of(needed[purpose], false)) {
    findings.add(
      'rights',
      'fault',
      `${gerund[purpose]} needs ${word}, which the credential lacks: make one that has it.`,
    );
  }
  for (const { word } of of(wanted[purpose], false)) {
    findings.add(
      'rights',
      'warning',
      `The credential lacks ${word}: ${gerund[purpose].toLowerCase()} works without it, but less can be checked.`,
    );
  }
  for (const { right, word } of of(tooWide[purpose], true)) {
    findings.add(
      'rights',
      'warning',
      `The credential holds ${word}, which ${gerund[purpose].toLowerCase()} does not need: whoever steals it could ${could[right]}.`,
    );
  }
  if (findings.list.length === before) {
    findings.add(
      'rights',
      'ok',
      `The credential allows what ${gerund[purpose].toLowerCase()} needs, and no more.`,
    );
  }
}
