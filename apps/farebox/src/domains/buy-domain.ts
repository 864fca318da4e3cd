import type { JsonObject } from '@farebox/protocol';
import { type Delivered, type ResumeResult, receiptWarning, WalletError } from '@farebox/wallet';
import { CliError } from '../cli-error.js';
import { type NodeOptions, type PayOptions, readLimits } from '../commands/pay-options.js';
import { exitCodes } from '../exit-codes.js';
import type { Home } from '../home.js';
import { openPurse, type Purse } from '../purse.js';
import { viewChallenge, viewCost } from '../views.js';
import { ask } from './ask.js';
import { orderOf, type UnfinishedOrder, unfinishedOrders } from './journal-orders.js';
import { madeIdentity } from './made-identity.js';
import { type Order, orderBody, orderRequest } from './order.js';
import type { Registrar } from './registrar.js';
import { keepIdentity } from './registrar-home.js';
import { OrderFailure, readDelivered, readFree, reportOrderFailure } from './settled-order.js';
import { type OrderView, viewOrder } from './views.js';

/** What the buying commands have beside what every paying command has. */
export interface BuyingOptions extends PayOptions {
  readonly method?: string;
  readonly evenUnfinished?: boolean;
}

/**
 * Buys: one request, at most one payment, the very same request with the credential. What is unfinished for the same name
 * comes first, because paying a second time would not get it a second time.
 *
 * @throws {CliError} `unfinished_order` and what opens the wallet; {@link OrderFailure} for everything after the order was sent
 */
export async function buyDomain(
  home: Home,
  registrar: Registrar,
  order: Order,
  options: BuyingOptions,
): Promise<OrderView> {
  const { method } = options;
  const purse = await openPurse({
    home,
    node: options.node,
    tempo: options,
    account: options,
    paying: true,
    method,
  });
  const about = { origin: registrar.origin, fqdn: order.domain.fqdn };
  try {
    if (!options.evenUnfinished) refuseUnfinished(purse, registrar, order);
    const request = orderRequest(registrar, order);
    const result = await purse.wallet.pay(request, { ...readLimits(options), method });
    if (result.kind === 'delivered')
      return await viewDelivered(home, result, purse, { about, kind: order.kind, key: registrar.key });
    const content = await readFree(result, about);
    return viewOrder(order.kind, order.domain.fqdn, content, { dryRun: false });
  } catch (error) {
    throw asOrderFailure(error, purse, about);
  } finally {
    await purse.close();
  }
}

function asOrderFailure(
  error: unknown,
  { journal }: Purse,
  about: { origin: string; fqdn: string | undefined },
): unknown {
  if (!(error instanceof WalletError)) return error;
  // Where the money is in doubt, the error is about that; what the registrar answered is in the journal.
  const doubtful = error.code === 'settlement_unknown' && error.paymentId !== undefined;
  const entry = doubtful ? journal.find(error.paymentId) : undefined;
  const answered = entry?.state === 'refused' || entry?.state === 'failed' ? entry.status : undefined;
  return new OrderFailure(reportOrderFailure(error, answered, about), { cause: error });
}

function refuseUnfinished({ journal }: Purse, { origin }: Registrar, { domain }: Order): void {
  const [open] = unfinishedOrders(journal, { origin, fqdn: domain.fqdn });
  if (open === undefined) return;
  const { id, state } = open.entry;
  const message = `An order of yours for ${domain.fqdn} is not finished (${state}); finish it first, without paying again: farebox domains resume ${id}. To order anew all the same, add --even-unfinished.`;
  throw new CliError('unfinished_order', message, { retry: 'resume' });
}

/**
 * Buys from the prepaid balance: no challenge and no payment, so nothing is in the journal. The order carries a key by
 * which the registrar knows a repetition.
 */
export async function buyFromBalance(registrar: Registrar, order: Order): Promise<OrderView> {
  const { fqdn } = order.domain;
  const { url } = orderRequest(registrar, order);
  const path = new URL(url).pathname;
  try {
    const call = { method: 'POST', path, body: orderBody(order), identified: true, fqdn } as const;
    const { content } = await ask(registrar, call);
    return viewOrder(order.kind, fqdn, content, { dryRun: false });
  } catch (error) {
    // The order may have been carried out: the balance would know.
    const lost = error instanceof CliError && ['unreachable', 'timed_out'].includes(error.code);
    if (!lost) throw error;
    const message = `The registrar's answer was lost, so whether ${fqdn} was bought is not known; look with: farebox domains list`;
    throw new CliError('answer_unknown', message, {
      cause: error,
      exitCode: exitCodes.unknown,
      retry: 'never',
    });
  }
}

interface DeliveredFor {
  readonly about: { readonly origin: string; readonly fqdn: string | undefined };
  readonly kind: UnfinishedOrder['kind'];
  /** With whose key it was ordered. */
  readonly key: string | undefined;
}

async function viewDelivered(
  home: Home,
  delivered: Delivered,
  { journal }: Purse,
  { about, kind, key }: DeliveredFor,
): Promise<OrderView> {
  let identity: OrderView['identity'] = null;
  const whole = await readDelivered(delivered, journal, async (found) => {
    identity = await keepMadeIdentity(home, about.origin, found, key);
  });
  // Not shown, unless it is something that could not be kept as a key.
  const { api_key: _key, ...rest } = whole;
  const content = madeIdentity(whole) === undefined ? whole : rest;
  const entry = journal.find(delivered.entry.id) ?? delivered.entry;
  const warnings = [receiptWarning(delivered.receipt), wrongName(about.fqdn, content)];
  return viewOrder(kind, about.fqdn ?? String(content.domain ?? ''), content, {
    dryRun: false,
    id: entry.id,
    status: delivered.answer.status,
    cost: viewCost(entry.paid ?? entry.price, entry.fee),
    challenge: viewChallenge(entry.challenge, entry),
    receipt: 'receipt' in delivered.receipt ? delivered.receipt.receipt : null,
    receiptStatus: delivered.receipt.status,
    identity,
    warnings: warnings.filter((warning) => warning !== undefined),
  });
}

function wrongName(fqdn: string | undefined, { domain }: JsonObject): string | undefined {
  if (fqdn === undefined || typeof domain !== 'string' || domain.toLowerCase() === fqdn) return undefined;
  return 'The registrar answered for another name than the one that was ordered; look with: farebox domains list';
}

/**
 * Who buys without a key is given one that is made from the payment, once. It is the only way to the name, so it is on disk
 * before anything is shown, and it is not shown.
 */
async function keepMadeIdentity(
  home: Home,
  origin: string,
  content: JsonObject,
  key: string | undefined,
): Promise<OrderView['identity']> {
  const made = madeIdentity(content);
  if (made === undefined || made.key === key) return null;
  const { path, used } = await keepIdentity(home, origin, made);
  return { agentId: made.agentId ?? null, file: path, used };
}

/** What resuming one order came to. */
export type Resumed =
  | { readonly kind: 'delivered'; readonly view: OrderView }
  | {
      readonly kind: 'finished';
      readonly id: string;
      readonly state: string;
      readonly detail: string | null;
    };

/** How an order is resumed. */
export interface ResumingOptions extends NodeOptions {
  readonly evenExpired?: boolean;
}

/** Opens the wallet only to finish; nothing new can be paid with it. */
export function openResuming(home: Home, options: NodeOptions): Promise<Purse> {
  return openPurse({
    home,
    node: options.node,
    tempo: options,
    account: options,
    paying: true,
    resuming: true,
  });
}

/**
 * Presents the credential of an order again, with the key of the registrar that it was ordered at and no other's. Never pays.
 *
 * @throws {CliError} `not_an_order`, `identity_missing`; {@link OrderFailure}
 */
export async function resumeOrder(
  home: Home,
  purse: Purse,
  id: string,
  keyFor: (origin: string) => Promise<string | undefined>,
  { evenExpired }: ResumingOptions,
): Promise<Resumed> {
  const entry = purse.journal.find(id);
  const order = entry && orderOf(entry);
  if (order === undefined) {
    const message = `There is no order for a name with the number ${id}; for other payments: farebox pay resume ${id}`;
    throw new CliError('not_an_order', message, { exitCode: exitCodes.usage, retry: 'never' });
  }
  const { origin, fqdn, kind } = order;
  const needed = order.entry.request?.withheld.includes('x-api-key') === true;
  const key = needed ? await keyFor(origin) : undefined;
  if (needed && key === undefined) {
    const message = `The order was made with a key for ${origin}; give it with --key-file or in FAREBOX_REGISTRAR_KEY together with --registrar ${origin}`;
    throw new CliError('identity_missing', message, { exitCode: exitCodes.usage, retry: 'never' });
  }
  const about = { origin, fqdn };
  try {
    const headers = key === undefined ? [] : [['X-API-Key', key] as const];
    const result: ResumeResult = await purse.wallet.resume(id, { headers, evenExpired });
    if (result.kind === 'delivered') {
      return { kind: 'delivered', view: await viewDelivered(home, result, purse, { about, kind, key }) };
    }
    const { state, detail = null } = result.entry;
    return { kind: 'finished', id, state, detail };
  } catch (error) {
    throw asOrderFailure(error, purse, about);
  }
}
