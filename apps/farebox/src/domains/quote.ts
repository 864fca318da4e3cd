import { type Amount, isJsonObject, type JsonObject } from '@farebox/protocol';
import { plainText } from '@farebox/wallet';
import { CliError } from '../cli-error.js';
import type { Home } from '../home.js';
import { openPolicy } from '../policy/load.js';
import { readStandings } from '../policy/standings.js';
import { parseUnits, readTokens } from '../tempo/tokens.js';
import { showMoney } from '../views.js';
import { ask } from './ask.js';
import { type Order, orderBody } from './order.js';
import type { Registrar } from './registrar.js';

/** What an order would cost. Asking for it changes nothing: no order, no lock (seeds B.5, step 2). */
export interface OrderQuote {
  /** In the order in which the registrar names them. Empty: it costs nothing. */
  readonly prices: readonly QuotedPrice[];
  /** The registrar's own words. */
  readonly content: JsonObject;
}

/** One way to pay. */
export interface QuotedPrice {
  readonly method: 'lightning' | 'tempo';
  readonly price: Amount;
  readonly payee: string | undefined;
}

/**
 * Asks what an order would cost. Who has no identity gets the price of the search, which does for one year and no coupon.
 *
 * @throws {CliError} `identity_missing` where only an identity is quoted, `quote_unreadable`, and those of {@link ask}
 */
export async function quoteOrder(registrar: Registrar, order: Order): Promise<OrderQuote> {
  const { fqdn } = order.domain;
  if (registrar.key === undefined) return searchPrice(registrar, order);
  // Said for a renewal, so that whatever would be in its way is what the quote answers.
  const asks = order.kind === 'renew' ? { order_kind: order.kind } : {};
  const body = { ...orderBody({ ...order, gems: false }), ...asks };
  const path = '/api/v1/domains/quote';
  const { content } = await ask(registrar, { method: 'POST', path, body, identified: true, fqdn });
  const asked = content.order_kind;
  if (typeof asked === 'string' && asked !== order.kind) {
    const [message, code] =
      asked === 'renew'
        ? [`${fqdn} is yours already; renew it: farebox domains renew ${fqdn}`, 'owned']
        : [`${fqdn} is nobody's; register it: farebox domains register ${fqdn}`, 'not_registered'];
    throw new CliError(code, message, { retry: 'never' });
  }
  return { prices: readPrices(content), content };
}

async function searchPrice(registrar: Registrar, order: Order): Promise<OrderQuote> {
  const { fqdn } = order.domain;
  if (order.kind === 'renew' || order.years !== 1 || order.coupon !== undefined) {
    const message = `The registrar quotes this to those it knows only; make an identity with: farebox domains key create --registrar ${registrar.origin}`;
    throw new CliError('identity_missing', message, { retry: 'never' });
  }
  const path = `/api/v1/domains/search?q=${encodeURIComponent(fqdn)}`;
  const { content } = await ask(registrar, { method: 'GET', path, identified: false, fqdn });
  const [found] = Array.isArray(content.results) ? content.results : [];
  if (!isJsonObject(found)) throw unreadable();
  if (found.available !== true) {
    const reason = typeof found.reason === 'string' ? found.reason : 'taken';
    throw new CliError('taken', `${fqdn} cannot be had (${plainText(reason)}); search for another name.`, {
      retry: 'never',
    });
  }
  const price = isJsonObject(found.agent_mpp_price) ? found.agent_mpp_price : {};
  return { prices: [...tokenPrice(price, {}), ...satPrice(price)], content: found };
}

function readPrices(content: JsonObject): readonly QuotedPrice[] {
  const price = isJsonObject(content.price) ? content.price : undefined;
  if (price === undefined) throw unreadable();
  return [...tokenPrice(price, content), ...satPrice(price)];
}

function tokenPrice(price: JsonObject, { currency_address, recipient }: JsonObject): readonly QuotedPrice[] {
  const amount = parseUnits(String(price.amount ?? ''));
  if (amount === undefined) throw unreadable();
  const [first] = readTokens();
  const currency = typeof currency_address === 'string' ? currency_address.toLowerCase() : first?.address;
  if (amount === 0n || currency === undefined) return [];
  return [
    {
      method: 'tempo',
      price: { amount, currency },
      payee: typeof recipient === 'string' ? recipient : undefined,
    },
  ];
}

function satPrice({ sats }: JsonObject): readonly QuotedPrice[] {
  const amount = typeof sats === 'string' && /^[0-9]{1,15}$/.test(sats) ? BigInt(sats) : 0n;
  return amount === 0n ? [] : [{ method: 'lightning', price: { amount, currency: 'sat' }, payee: undefined }];
}

function unreadable(): CliError {
  const message = "The registrar's quote has no price that can be read; nothing was asked for.";
  return new CliError('quote_unreadable', message, { retry: 'never' });
}

/** Why a payment would not be made, or undefined where nothing speaks against it. Nothing is reserved. */
export async function objectionTo(
  home: Home,
  url: string,
  { method, price, payee }: QuotedPrice,
): Promise<{ readonly code: string; readonly message: string } | undefined> {
  const { policy } = await openPolicy(home, readTokens());
  const { decide, finest, isSecure } = await import('@farebox/wallet');
  const maxFee = policy.limits.fee;
  // Who gets a share of it is known from the challenge: then all of them are judged.
  const payees = payee === undefined ? undefined : [payee];
  const decision = decide(policy, { url, secure: isSecure(url), method, price, payees, maxFee }, showMoney);
  if (!decision.ok) return { code: decision.refusal.code, message: `${decision.refusal.message}.` };
  const needed = finest(price).amount + finest(decision.maxFee).amount;
  const short = (await readStandings(home, decision.budgets)).find(({ left }) => left < needed);
  if (short === undefined) return undefined;
  return { code: 'over_budget', message: `The budget ${short.budget.rule} has no room for it.` };
}
