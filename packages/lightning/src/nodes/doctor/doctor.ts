import { randomBytes } from 'node:crypto';
import type { InvoiceNode, LightningNetwork, NodeCapabilities, NodeInfo, PayingNode } from '../../node.js';
import { Findings, type NodeReport } from './findings.js';
import { examineRights } from './rights.js';
import { roundTrip, roundTripFeeMsatMax, roundTripMsat, trialInvoice } from './round-trip.js';

/** What an examination may do. */
export interface ExaminationOptions {
  /** The network that is meant; what the node says is held against it. */
  readonly network?: LightningNetwork;
  /** How long any one question may take, milliseconds; 20,000 when left out. */
  readonly questionMs?: number;
}

async function reach(
  findings: Findings,
  node: InvoiceNode | PayingNode,
  wanted: LightningNetwork | undefined,
): Promise<NodeInfo | undefined> {
  const found = await findings.ask('reach', 'Asking the node who it is', () => node.info());
  if (found === undefined) return undefined;
  const { kind, network, nodeId } = found.answer;
  findings.add('reach', 'ok', `${kind}${nodeId === undefined ? '' : ` ${nodeId}`} answers.`);
  if (wanted !== undefined && wanted !== network) {
    findings.add(
      'network',
      'fault',
      `The node is on ${network}, not ${wanted}: connect a node of that network.`,
    );
  } else findings.add('network', 'ok', `It is on ${network}.`);
  return found.answer;
}

/**
 * Finds out whether a node can be sold with: makes an invoice of one satoshi, looks it up and cancels it, and says
 * which permission is missing or wider than selling needs. With `payer`, that node pays one satoshi for real, and
 * `maxFeeMsat` at most in fees; where it refuses to, the round trip is `skipped`. Never rejects.
 */
export async function examineSeller(
  node: InvoiceNode,
  options: ExaminationOptions & { readonly payer?: PayingNode; readonly maxFeeMsat?: bigint } = {},
): Promise<NodeReport> {
  const findings = new Findings(options.questionMs);
  const { capabilities } = node;
  const info = await reach(findings, node, options.network);
  if (info === undefined) return findings.report('sell', capabilities, info);
  await examineRights(findings, node, 'sell');
  const made = await findings.ask('invoice', 'Making an invoice', () => node.createInvoice(trialInvoice()));
  if (made !== undefined) {
    findings.add('invoice', 'ok', 'It makes invoices.');
    const { paymentHash } = made.answer;
    const state = await findings.ask('lookup', 'Looking an invoice up', () =>
      node.lookupInvoice(paymentHash),
    );
    if (state?.answer?.status === 'open') findings.add('lookup', 'ok', 'It knows its invoices.');
    else if (state !== undefined) {
      findings.add(
        'lookup',
        'fault',
        'It does not know the invoice that it has just made: use its own credential.',
      );
    }
    await cancelling(findings, node, paymentHash);
  }
  sellingCapabilities(findings, capabilities);
  if (options.payer !== undefined && made !== undefined) {
    await roundTrip(findings, node, options.payer, options.maxFeeMsat ?? roundTripFeeMsatMax, 'payee');
  }
  return findings.report('sell', capabilities, info);
}

async function cancelling(findings: Findings, node: InvoiceNode, paymentHash: string): Promise<void> {
  if (!node.capabilities.cancel) {
    findings.add(
      'cancel',
      'warning',
      'It cannot cancel: invoices that nobody pays stay with it until they expire.',
    );
    return;
  }
  const done = await findings.ask('cancel', 'Cancelling an invoice', () => node.cancelInvoice(paymentHash));
  if (done !== undefined) findings.add('cancel', 'ok', 'It cancels invoices.');
}

function sellingCapabilities(findings: Findings, { msat }: NodeCapabilities): void {
  if (!msat)
    findings.add('capability', 'warning', 'It knows whole satoshis only: prices below one are refused.');
}

/**
 * Finds out whether a node can be paid with: its balance, whether it can tell what became of a payment, and which
 * permission is missing or wider than paying needs. With `payee`, it pays that node one satoshi for real. Never
 * rejects.
 */
export async function examinePayer(
  node: PayingNode,
  options: ExaminationOptions & { readonly payee?: InvoiceNode; readonly maxFeeMsat?: bigint } = {},
): Promise<NodeReport> {
  const findings = new Findings(options.questionMs);
  const { capabilities } = node;
  const info = await reach(findings, node, options.network);
  if (info === undefined) return findings.report('pay', capabilities, info);
  await examineRights(findings, node, 'pay');
  const balance = await findings.ask('balance', 'Asking for the balance', () => node.balance());
  if (balance !== undefined) {
    const { spendableMsat } = balance.answer;
    if (spendableMsat >= roundTripMsat) findings.add('balance', 'ok', `It can spend ${spendableMsat} msat.`);
    else
      findings.add(
        'balance',
        'warning',
        `It can spend ${spendableMsat} msat: fund its channels before paying.`,
      );
  }
  await tracking(findings, node);
  if (!capabilities.feeCap) {
    findings.add(
      'capability',
      'warning',
      'It enforces no fee cap: what routing costs is checked beforehand only.',
    );
  }
  if (options.payee !== undefined) {
    await roundTrip(findings, options.payee, node, options.maxFeeMsat ?? roundTripFeeMsatMax, 'payer');
  }
  return findings.report('pay', capabilities, info);
}

async function tracking(findings: Findings, node: PayingNode): Promise<void> {
  if (!node.capabilities.track) {
    findings.add(
      'track',
      'warning',
      'It cannot tell what became of a payment: a lost answer must be looked up by hand.',
    );
    return;
  }
  // A hash that nobody has ever made an invoice for.
  const hash = randomBytes(32).toString('hex');
  const state = await findings.ask('track', 'Tracking a payment', () => node.trackPayment(hash));
  if (state?.answer.status === 'absent') findings.add('track', 'ok', 'It tells what became of payments.');
  else if (state !== undefined) {
    findings.add('track', 'fault', 'It claims to know a payment that was never made: do not pay with it.');
  }
}
