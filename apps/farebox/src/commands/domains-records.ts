import { isJsonObject, type JsonObject } from '@farebox/protocol';
import { type Command, InvalidArgumentError } from 'commander';
import { acting } from '../domains/acting.js';
import type { Call } from '../domains/ask.js';
import { readDomain } from '../domains/domain-name.js';
import {
  type RegistrarOptions,
  requireIdentity,
  withIdentityOptions,
  withJsonOption,
} from '../domains/registrar.js';
import { withExamples } from '../help/examples.js';
import { findHome } from '../home.js';
import { type Output, table } from '../output.js';

interface Options extends RegistrarOptions {
  readonly ttl?: number;
}

/** Adds `farebox domains records` and its commands. */
export function registerDomainsRecords(domains: Command): void {
  const records = domains
    .command('records')
    .description('the DNS records of a name of yours')
    .addHelpText(
      'after',
      `
Examples:
  farebox domains records add myname.agent www A 192.0.2.1
  farebox domains records add myname.agent @ TXT 'hello world' --ttl 3600
  farebox domains records delete myname.agent rec_0123456789abcdef0123`,
    );
  const named = (name: string, description: string, example: string) =>
    withExamples(
      withJsonOption(
        withIdentityOptions(
          records.command(name).description(description).argument('<domain>', 'the whole name: myname.agent'),
        ),
      ),
      `farebox domains records ${name} myname.agent${example}`,
    );
  named('list', 'all of them, with their ids', '').action((domain: string, options: Options) =>
    asking(domain, options, (path) => ({ method: 'GET', path })),
  );
  withRecord(named('add', 'add one', ' www A 192.0.2.1')).action(
    (domain: string, name: string, type: string, data: string, options: Options) =>
      asking(domain, options, (path) => ({ method: 'POST', path, body: record(name, type, data, options) })),
  );
  withRecord(
    named('set', 'put another in place of one', ' rec_0123456789abcdef0123 www A 192.0.2.2').argument(
      '<id>',
      'as list shows it: rec_…',
    ),
  ).action((domain: string, id: string, name: string, type: string, data: string, options: Options) =>
    asking(domain, options, (path) => ({
      method: 'PUT',
      path: `${path}/${encodeURIComponent(id)}`,
      body: record(name, type, data, options),
    })),
  );
  named('delete', 'delete one', ' rec_0123456789abcdef0123')
    .argument('<id>', 'as list shows it: rec_…')
    .action((domain: string, id: string, options: Options) =>
      asking(domain, options, (path) => ({ method: 'DELETE', path: `${path}/${encodeURIComponent(id)}` })),
    );
}

function withRecord(command: Command): Command {
  return command
    .argument('<name>', 'relative to the domain: @ for itself, www, _443._tcp, *')
    .argument('<type>', 'A, AAAA, CNAME, MX, TXT, NS, CAA or TLSA')
    .argument('<data>', 'as in a master file, such as 192.0.2.1 or "10 mail.example."; a TXT as it is')
    .option('--ttl <seconds>', 'how long others may keep it', readTtl);
}

function readTtl(text: string): number {
  if (/^[1-9][0-9]{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write seconds, such as 3600.');
}

function record(name: string, type: string, data: string, { ttl }: Options): JsonObject {
  return { name, type: type.toUpperCase(), data, ...(ttl !== undefined && { ttl }) };
}

function asking(
  domain: string,
  options: Options,
  callOf: (path: string) => Omit<Call, 'identified' | 'fqdn'>,
): Promise<void> {
  return acting(options, false, async (output) => {
    const { ask } = await import('../domains/ask.js');
    const { fqdn } = readDomain(domain);
    const registrar = await requireIdentity(options, findHome());
    const call = callOf(`/api/v1/domains/${encodeURIComponent(fqdn)}/records`);
    const { status, content } = await ask(registrar, { ...call, identified: true, fqdn });
    if (output.json) output.object({ ok: true, registrar: registrar.origin, status, answer: content });
    else if (call.method === 'GET') await showRecords(content.data, output);
    else output.text(call.method === 'DELETE' ? 'Deleted.' : `Written: ${await idOf(content)}`);
  });
}

async function idOf(content: JsonObject): Promise<string> {
  const { textOf } = await import('../domains/views.js');
  return textOf(content, 'id') ?? '';
}

async function showRecords(rows: unknown, output: Output): Promise<void> {
  const { textOf } = await import('../domains/views.js');
  const found = (Array.isArray(rows) ? rows : []).filter(isJsonObject);
  if (found.length === 0) return output.text('There are none.');
  const shown = found.map((row): [string, string] => [
    textOf(row, 'id') ?? '',
    ['name', 'ttl', 'type', 'data'].map((member) => textOf(row, member) ?? '').join('  '),
  ]);
  output.text(table(shown, output.color));
}
