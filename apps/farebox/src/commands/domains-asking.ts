import { isJsonObject, type JsonObject } from '@farebox/protocol';
import type { Command } from 'commander';
import { acting } from '../domains/acting.js';
import {
  findOrigin,
  type RegistrarOptions,
  readOrigin,
  requireIdentity,
  withIdentityOptions,
  withJsonOption,
  withRegistrarOption,
} from '../domains/registrar.js';
import { withExamples } from '../help/examples.js';
import { findHome } from '../home.js';
import { type Output, table } from '../output.js';

/** Adds `farebox domains search`, `list` and `use`. */
export function registerDomainsAsking(domains: Command): void {
  withExamples(
    withJsonOption(
      withRegistrarOption(
        domains
          .command('search')
          .description('is a name to be had, and what does a year cost? Needs no identity')
          .argument('<name>', 'a name for every namespace, or a whole one: myname.agent'),
      ),
    ),
    'farebox domains search myname',
    'farebox domains search myname.agent --json',
  ).action(search);
  withExamples(
    withJsonOption(
      withIdentityOptions(
        domains
          .command('list')
          .description('the names that are yours, and until when; some at a time')
          .option('--after <name>', 'go on after this name: next of the page before'),
      ),
    ),
    'farebox domains list',
    'farebox domains list --after myname.agent --json',
  ).action(list);
  withExamples(
    withJsonOption(
      domains
        .command('use')
        .description('choose the registrar that is asked when none is named')
        .argument('<origin>', 'such as https://registrar.example'),
    ),
    'farebox domains use https://registrar.example',
  ).action(use);
}

function search(name: string, options: RegistrarOptions): Promise<void> {
  return acting(options, false, async (output) => {
    const { ask } = await import('../domains/ask.js');
    const origin = await findOrigin(options, findHome());
    const path = `/api/v1/domains/search?q=${encodeURIComponent(name)}`;
    const registrar = { origin, key: undefined };
    const { status, content } = await ask(registrar, { method: 'GET', path, identified: false, fqdn: name });
    if (output.json) return output.object({ ok: true, registrar: origin, status, answer: content });
    await showRows(content.results, output, (row, text) => {
      const free = row.available === true;
      const words = free ? output.color.green('available') : (text('reason') ?? 'not available');
      return [text('domain') ?? '', `${words}${free ? `  ${text('agent_price') ?? '?'} USD a year` : ''}`];
    });
  });
}

function list(options: RegistrarOptions & { readonly after?: string }): Promise<void> {
  return acting(options, false, async (output) => {
    const { ask } = await import('../domains/ask.js');
    const registrar = await requireIdentity(options, findHome());
    const from = options.after === undefined ? '' : `?after=${encodeURIComponent(options.after)}`;
    const call = { method: 'GET', path: `/api/v1/my-domains${from}`, identified: true } as const;
    const { status, content } = await ask(registrar, call);
    if (output.json) return output.object({ ok: true, registrar: registrar.origin, status, answer: content });
    const { textOf } = await import('../domains/views.js');
    await showRows(content.data, output, (_row, text) => [
      `${text('name') ?? ''}${text('name')?.includes('.') ? '' : `.${text('tld') ?? ''}`}`,
      `${text('status') ?? ''}, until ${text('expiry_date') ?? '?'}`,
    ]);
    const next = textOf(content, 'next');
    if (next !== undefined) output.remark(`There are more: farebox domains list --after ${next}`);
  });
}

type Row = (row: JsonObject, text: (name: string) => string | undefined) => readonly [string, string];

async function showRows(rows: unknown, output: Output, show: Row): Promise<void> {
  const { textOf } = await import('../domains/views.js');
  const found = (Array.isArray(rows) ? rows : []).filter(isJsonObject);
  if (found.length === 0) return output.text('There are none.');
  const shown = found.map((row) => show(row, (name) => textOf(row, name)));
  output.text(table(shown, output.color));
}

function use(text: string, options: RegistrarOptions): Promise<void> {
  return acting(options, false, async (output) => {
    const { keepDefaultRegistrar } = await import('../domains/registrar-home.js');
    const registrar = await readOrigin(text);
    await keepDefaultRegistrar(findHome(), registrar, true);
    if (output.json) output.object({ ok: true, registrar });
    else output.text(`${registrar} is asked from now on.`);
  });
}
