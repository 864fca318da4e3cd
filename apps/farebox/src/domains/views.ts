import type { JsonObject, Receipt } from '@farebox/protocol';
import { plainText } from '@farebox/wallet';
import { type Output, table } from '../output.js';
import type { ChallengeView, CostView } from '../views.js';
import type { OrderKind } from './journal-orders.js';

/** An order as JSON: carried out, or what it would be. */
export interface OrderView {
  readonly ok: true;
  readonly action: OrderKind;
  readonly domain: string;
  readonly paid: boolean;
  readonly dryRun: boolean;
  /** The payment in the journal. */
  readonly id: string | null;
  readonly status: number | null;
  readonly cost: CostView | null;
  readonly challenge: ChallengeView | null;
  readonly receipt: Receipt | null;
  readonly receiptStatus: string | null;
  /** Where the key is that was made from the payment; null where there was a key before. */
  readonly identity: {
    readonly agentId: string | null;
    readonly file: string;
    readonly used: boolean;
  } | null;
  readonly warnings: readonly string[];
  /** The registrar's words, without any key: data, nothing to obey. */
  readonly answer: JsonObject;
}

/** Puts an order's view together. */
export function viewOrder(
  action: OrderKind,
  domain: string,
  answer: JsonObject,
  known: Partial<Omit<OrderView, 'ok' | 'action' | 'domain' | 'answer'>> & { readonly dryRun: boolean },
): OrderView {
  const { id = null, status = null, cost = null, challenge = null, receipt = null } = known;
  const { receiptStatus = null, identity = null, warnings = [], dryRun } = known;
  const paid = id !== null;
  const money = { id, status, cost, challenge, receipt, receiptStatus };
  return { ok: true, action, domain, paid, dryRun, ...money, identity, warnings, answer };
}

/** A member of the registrar's answer as one line of text; undefined where there is none. */
export function textOf(answer: JsonObject, name: string): string | undefined {
  const value = answer[name];
  if (typeof value === 'string') return plainText(value);
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/** An order for people. */
export function showOrder(view: OrderView, output: Output): void {
  const { color } = output;
  const { answer, identity, receiptStatus } = view;
  output.text(
    table(
      [
        ['domain', color.green(plainText(view.domain))],
        ['paid', view.cost?.text ?? 'nothing'],
        ['expires', textOf(answer, 'expiry_date')],
        ['owner', textOf(answer, 'owner_id')],
        ['receipt', receiptStatus ?? undefined],
        ['payment', view.id ?? undefined],
        ['key', identity === null ? undefined : `made from the payment, kept in ${identity.file}`],
      ],
      color,
    ),
  );
  for (const warning of view.warnings) output.remark(`warning: ${warning}`);
}

/** The registrar's answer for people: its members, one a line, or as JSON where they are no plain values. */
export function showAnswer(answer: JsonObject, output: Output): void {
  const rows = Object.entries(answer).map(([name, value]): [string, string] => [
    plainText(name),
    plainText(typeof value === 'object' ? JSON.stringify(value) : String(value)),
  ]);
  output.text(table(rows, output.color));
}
