import type { Command } from 'commander';
import { usageError } from '../cli-error.js';
import { acting } from '../domains/acting.js';
import type { BuyingOptions } from '../domains/buy-domain.js';
import { readDomain, readYears } from '../domains/domain-name.js';
import type { OrderKind } from '../domains/journal-orders.js';
import type { Order } from '../domains/order.js';
import {
  findRegistrar,
  type Registrar,
  type RegistrarOptions,
  withIdentityOptions,
  withJsonOption,
} from '../domains/registrar.js';
import { exitCodeHelp } from '../exit-codes.js';
import { findHome, type Home } from '../home.js';
import { type Output, table } from '../output.js';
import { methodOption, withNodeOptions, withPayOptions } from './pay-options.js';

interface OrderOptions extends RegistrarOptions {
  readonly years?: number;
  readonly coupon?: string;
  readonly agreeToTerms?: boolean;
  readonly gems?: boolean;
  readonly method?: string;
}

interface Options extends OrderOptions, BuyingOptions {
  readonly json?: boolean;
}

/** Adds `farebox domains quote`, `register` and `renew`. */
export function registerDomainsOrders(domains: Command): void {
  withJsonOption(
    withOrderOptions(
      domains.command('quote').description('what would a name cost? Changes nothing, and locks nothing'),
    ),
  )
    .addHelpText(
      'after',
      `
A name of yours is quoted by farebox domains renew, without --yes.

Examples:
  farebox domains quote myname.agent
  farebox domains quote myname.agent --years 5 --coupon WELCOME --json
${exitCodeHelp}`,
    )
    .action((name: string, options: OrderOptions) =>
      acting(options, false, async (output) => preview(await readOrder('register', name, options), output)),
    );
  buying(domains, 'register', 'register a name: shows the price and, with --yes, pays it');
  buying(domains, 'renew', 'add years to a name: shows the price and, with --yes, pays it');
}

function withOrderOptions(command: Command): Command {
  return withIdentityOptions(
    command
      .argument('<name>', 'the whole name: myname.agent')
      .option('--years <number>', 'for how long, 1 to 10 (default: 1)', readYears)
      .option('--coupon <code>', 'a coupon of the registrar'),
  );
}

/** What is said of an order, and the words of its examples: terms are agreed to once, with the registration (R6). */
const orderHelp = {
  register: {
    about: `Without --yes nothing is ordered and no name is locked. Who has no key buys all the same: the registrar makes one from
the payment, and it is kept in this home.`,
    terms: ' --agree-to-terms',
  },
  renew: {
    about: `Without --yes nothing is ordered. A renewal is quoted to those who have a key; with a key one renews what is one's own,
without one and with --yes the name of whoever owns it.`,
    terms: '',
  },
} as const;

function buying(domains: Command, kind: OrderKind, description: string): void {
  const { about, terms } = orderHelp[kind];
  const command = withOrderOptions(domains.command(kind).description(description));
  if (kind === 'register')
    command.option('--agree-to-terms', "agree to the registrar's terms; it may not sell without");
  command
    .option('--gems', 'pay from the prepaid balance with the registrar')
    .option('--even-unfinished', 'although an order of yours for this name is not finished');
  withPayOptions(command).addOption(methodOption('pay with this payment method only'));
  withNodeOptions(command)
    .addHelpText(
      'after',
      `
${about}

Examples:
  farebox domains ${kind} myname.agent --years 2
  farebox domains ${kind} myname.agent --years 2${terms} --max 2pathUSD --yes --json
${exitCodeHelp}`,
    )
    .action((name: string, options: Options) =>
      acting(options, options.yes === true, async (output) => {
        const asked = await readOrder(kind, name, options);
        if (options.yes !== true) return preview(asked, output);
        await buy(asked, options, output);
      }),
    );
}

interface AskedOrder {
  readonly home: Home;
  readonly registrar: Registrar;
  readonly order: Order;
  readonly method: string | undefined;
}

async function readOrder(kind: OrderKind, name: string, options: OrderOptions): Promise<AskedOrder> {
  const { years = 1, coupon, agreeToTerms = false, gems = false, method } = options;
  if (method !== undefined && method !== 'lightning' && method !== 'tempo')
    throw usageError('A payment method is lightning or tempo.');
  if (gems && method !== undefined) throw usageError('Give --gems or --method, not both.');
  const order: Order = { kind, domain: readDomain(name), years, coupon, agreed: agreeToTerms, gems };
  const home = findHome();
  return { home, registrar: await findRegistrar(options, home), order, method };
}

async function buy({ home, registrar, order }: AskedOrder, options: Options, output: Output): Promise<void> {
  const { buyDomain, buyFromBalance } = await import('../domains/buy-domain.js');
  const view = order.gems
    ? await buyFromBalance(registrar, order)
    : await buyDomain(home, registrar, order, options);
  if (output.json) return output.object(view);
  const { showOrder } = await import('../domains/views.js');
  showOrder(view, output);
}

/** What it would cost and whether the policy would pay it. Nothing is ordered: asking for the challenge locks the name. */
async function preview({ home, registrar, order, method }: AskedOrder, output: Output): Promise<void> {
  const { objectionTo, quoteOrder } = await import('../domains/quote.js');
  const { openUnfinished } = await import('../domains/journal-orders.js');
  const { orderPaths } = await import('../domains/journal-orders.js');
  const { viewAmount } = await import('../policy/views.js');
  const { origin } = registrar;
  const { fqdn } = order.domain;
  const { prices, content } = await quoteOrder(registrar, order);
  const url = `${origin}${orderPaths[order.kind]}`;
  const wanted = order.gems ? [] : prices.filter((each) => method === undefined || each.method === method);
  const shown = await Promise.all(
    wanted.map(async (quoted) => {
      const objection = (await objectionTo(home, url, quoted)) ?? null;
      const { price, payee = null } = quoted;
      return {
        method: quoted.method,
        price: viewAmount(price),
        payee,
        allowed: objection === null,
        objection,
      };
    }),
  );
  const unfinished = (await openUnfinished(home, { origin, fqdn })).map(({ entry }) => entry.id);
  if (output.json) {
    const about = {
      ok: true,
      registrar: origin,
      action: order.kind,
      domain: fqdn,
      paid: false,
      dryRun: true,
    };
    return output.object({ ...about, years: order.years, prices: shown, unfinished, answer: content });
  }
  const { color } = output;
  const rows = shown.map(({ method: by, price, objection }): [string, string] => [
    by,
    `${color.bold(price.text)}${objection === null ? '' : color.yellow(`  It would not be paid: ${objection.message}`)}`,
  ]);
  const free = prices.length === 0 ? 'It costs nothing. ' : '';
  output.text(`${order.kind} ${fqdn} for ${order.years === 1 ? 'a year' : `${order.years} years`}`);
  if (rows.length > 0) output.text(table(rows, color));
  output.text(`\n${free}Nothing was ordered. To ${order.kind} it, add ${color.bold('--yes')}.`);
  const [first] = unfinished;
  if (first !== undefined)
    output.text(`An order of yours for it is not finished: farebox domains resume ${first}`);
}
