import { createHash } from 'node:crypto';
import type { Account, Entry } from '@farebox/ledger';
import type { QuotedRate } from '@farebox/protocol';
import { isoTime } from './moments.js';

// The syntax is that of Beancount's language document (directives, accounts, commodities, metadata), versions 2 and 3.

/** Accounts and commodities are opened at this day, before anything can have happened on them. */
const openingDay = '1970-01-01';
/** Characters of a name that are kept for people; what tells names apart is the hash behind them. */
const slugCharsMax = 40;

/** Writes entries as Beancount directives. Remembers only which accounts and commodities it has opened. */
export class BeancountWriter {
  readonly #opened = new Set<string>();
  readonly #opens: boolean;

  /** @param opens false: leaves `open` and `commodity` directives to the file that includes this one */
  constructor(opens = true) {
    this.#opens = opens;
  }

  /** The directives of one entry: what must be opened for it, and a balanced transaction. */
  entry(entry: Entry): string {
    const { atMs, seq, method, route, debit, credit, amount } = entry;
    const commodity = commodityOf(amount.currency);
    const [to, from] = [accountOf(debit, method, route), accountOf(credit, method, route)];
    const time = isoTime(atMs);
    return [
      this.#open(`commodity ${commodity}`, [['currency', amount.currency]]),
      this.#open(`open ${to}`, routeOf(debit, route)),
      this.#open(`open ${from}`, routeOf(credit, route)),
      `${time.slice(0, 10)} * "Farebox" "claim ${seq}: ${debit} to ${credit}" ^farebox-claim-${seq}\n`,
      metadata([['time', time], ['method', method], ['route', route], ...rateFacts(entry.rate)]),
      `  ${to}  ${amount.amount} ${commodity}\n`,
      `  ${from}  ${-amount.amount} ${commodity}\n\n`,
    ].join('');
  }

  #open(directive: string, facts: readonly Fact[]): string {
    if (!this.#opens || this.#opened.has(directive)) return '';
    this.#opened.add(directive);
    return `${openingDay} ${directive}\n${metadata(facts)}`;
  }
}

type Fact = readonly [key: string, value: string];

function metadata(facts: readonly Fact[]): string {
  return facts.map(([key, value]) => `  ${key}: ${quoted(value)}\n`).join('');
}

/** What a price in another currency was quoted at: for people, and for who sums up what was earned in that currency. */
function rateFacts(rate: QuotedRate | undefined): readonly Fact[] {
  if (rate === undefined) return [];
  return [
    ['price', `${rate.price} ${rate.currency}`],
    ['rate', `${rate.rate} ${rate.currency}/${rate.unit}`],
    ['rate-as-of', isoTime(rate.asOfMs)],
  ];
}

function routeOf(account: Account, route: string): readonly Fact[] {
  return account === 'revenue' ? [['route', route]] : [];
}

/**
 * The Beancount account of one of ours. What was received and what was paid back are assets (the latter in credit:
 * together they are what the node should have), what is owed a liability, revenue (by route) and breakage income.
 */
export function accountOf(account: Account, method: string, route: string): string {
  const name = methodComponent(method);
  switch (account) {
    case 'received':
      return `Assets:Farebox:${name}:Received`;
    case 'refunds':
      return `Assets:Farebox:${name}:Refunds`;
    case 'owed':
      return `Liabilities:Farebox:${name}:Owed`;
    case 'revenue':
      return `Income:Farebox:${name}:Revenue:${hashedComponent(route)}`;
    case 'breakage':
      return `Income:Farebox:${name}:Breakage`;
  }
}

/** `lightning` → `Lightning`. Anything but a plain word gets its hash, so that two methods are never one account. */
function methodComponent(method: string): string {
  return /^[a-z][a-z0-9]*$/.test(method) ? capitalised(method) : hashedComponent(method);
}

/** `GET /v1/bitcoin/*` → `GET-v1-bitcoin-1a2b3c4d`: readable, and another one for every text. It begins with a capital or a digit, and holds letters, digits and dashes. */
function hashedComponent(text: string): string {
  const words = text
    .slice(0, slugCharsMax)
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return capitalised(`${words === '' ? 'x' : words}-${hashOf(text, 8)}`);
}

function capitalised(word: string): string {
  return `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`;
}

/**
 * The commodity of a currency, upper-case, at most 24 characters: `SAT` and `MSAT` for bitcoin. Of other currencies the
 * number of decimals is not known here, so that their commodity says that it counts base units: `USD.UNIT`; a token's
 * address becomes its hash. The currency itself stands in the metadata of the `commodity` directive.
 */
export function commodityOf(currency: string): string {
  if (currency === 'sat' || currency === 'msat') return currency.toUpperCase();
  const named = /^[a-z][a-z0-9]{0,17}$/.test(currency);
  return `${named ? currency.toUpperCase() : `X${hashOf(currency, 18).toUpperCase()}`}.UNIT`;
}

function hashOf(text: string, chars: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, chars);
}

/** A string of Beancount, on one line. */
function quoted(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ');
  return `"${line.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
