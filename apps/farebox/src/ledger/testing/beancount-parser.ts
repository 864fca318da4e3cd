// A small reader of Beancount, written from its language document: enough to say of a file that every directive is
// valid, every account and commodity is declared once and before it is used, and every transaction balances.

/** What a file of directives comes to. */
export interface Beancount {
  /** Sums by account and commodity, `Assets:X SAT` → sum. */
  readonly balances: ReadonlyMap<string, bigint>;
  readonly transactions: readonly Transaction[];
  /** Account or commodity → the metadata of its declaration. */
  readonly declared: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

/** One transaction. */
export interface Transaction {
  readonly day: string;
  readonly narration: string;
  readonly links: readonly string[];
  readonly metadata: Record<string, string>;
  readonly postings: { readonly account: string; readonly amount: bigint; readonly commodity: string }[];
}

const account = '(?:Assets|Liabilities|Equity|Income|Expenses)(?::[A-Z0-9][A-Za-z0-9-]*)+';
const commodity = "[A-Z][A-Z0-9'._-]{0,22}[A-Z0-9]";
const text = String.raw`"((?:[^"\\\n]|\\["\\])*)"`;
const day = String.raw`(\d{4}-\d{2}-\d{2})`;

const openLine = new RegExp(`^${day} open (${account})$`);
const commodityLine = new RegExp(`^${day} commodity (${commodity})$`);
const transactionLine = new RegExp(`^${day} \\* ${text} ${text}((?: \\^[A-Za-z0-9_/.-]+)*)$`);
const metadataLine = new RegExp(`^ {2,}([a-z][A-Za-z0-9_-]*): ${text}$`);
const postingLine = new RegExp(`^ {2,}(${account}) +(-?[0-9]+) (${commodity})$`);

const unquoted = (quoted: string): string => quoted.replace(/\\(.)/g, '$1');

/** Reads a file. Throws, with the line, for whatever is not valid. */
export function parseBeancount(source: string, options = { mustOpen: true }): Beancount {
  const declared = new Map<string, Record<string, string>>();
  const opened = new Map<string, string>();
  const transactions: Transaction[] = [];
  let metadata: Record<string, string> | undefined;
  const declare = (date: string, name: string): void => {
    checkDay(date);
    if (opened.has(name)) throw new Error(`${name} is declared twice`);
    opened.set(name, date);
    metadata = {};
    declared.set(name, metadata);
  };
  for (const line of source.split('\n')) {
    if (line === '' || line.startsWith(';')) {
      metadata = undefined;
      continue;
    }
    const [, openDay, openAccount] = openLine.exec(line) ?? [];
    const [, namedDay, named] = commodityLine.exec(line) ?? [];
    const transaction = transactionLine.exec(line);
    const [, key, value] = metadataLine.exec(line) ?? [];
    const [, to, amount, unit] = postingLine.exec(line) ?? [];
    if (openDay !== undefined && openAccount !== undefined) declare(openDay, openAccount);
    else if (namedDay !== undefined && named !== undefined) declare(namedDay, named);
    else if (transaction !== null) {
      const [, date = '', , narration = '', links = ''] = transaction;
      checkDay(date);
      metadata = {};
      transactions.push({
        day: date,
        narration: unquoted(narration),
        links: links.trim().split(' '),
        metadata,
        postings: [],
      });
    } else if (key !== undefined && value !== undefined && metadata !== undefined) {
      metadata[key] = unquoted(value);
    } else if (to !== undefined && amount !== undefined && unit !== undefined) {
      const last = transactions.at(-1);
      if (last === undefined || metadata === undefined) throw new Error(`a posting of nothing: ${line}`);
      last.postings.push({ account: to, amount: BigInt(amount), commodity: unit });
    } else throw new Error(`no directive: ${line}`);
  }
  return { balances: sum(transactions, options.mustOpen ? opened : undefined), transactions, declared };
}

function checkDay(date: string): void {
  if (new Date(`${date}T00:00Z`).toISOString().slice(0, 10) !== date) throw new Error(`no day: ${date}`);
}

function sum(transactions: readonly Transaction[], opened: ReadonlyMap<string, string> | undefined) {
  const balances = new Map<string, bigint>();
  for (const { day: date, postings, narration } of transactions) {
    const weights = new Map<string, bigint>();
    for (const { account: to, amount, commodity: unit } of postings) {
      weights.set(unit, (weights.get(unit) ?? 0n) + amount);
      const key = `${to} ${unit}`;
      balances.set(key, (balances.get(key) ?? 0n) + amount);
      for (const name of opened === undefined ? [] : [to, unit]) {
        const since = opened?.get(name);
        if (since === undefined || since > date) throw new Error(`${name} is used before it is open`);
      }
    }
    if (postings.length < 2) throw new Error(`too few postings: ${narration}`);
    for (const weight of weights.values()) if (weight !== 0n) throw new Error(`not balanced: ${narration}`);
  }
  return balances;
}
