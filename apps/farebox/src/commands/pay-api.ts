import type { CatalogueService } from '@farebox/wallet/catalogue';
import type { Command } from 'commander';
import { CliError } from '../cli-error.js';
import { exitCodes } from '../exit-codes.js';
import { findHome } from '../home.js';
import { createOutput } from '../output.js';
import { originsFile, wantedOrigins } from './pay-api-origins.js';
import { searchEntries } from './pay-api-search.js';
import { showCatalogue, viewEndpoint, viewService } from './pay-api-view.js';

interface Options {
  readonly search?: string;
  readonly origins?: readonly string[];
  readonly json?: boolean;
}

/** Adds `farebox pay api`. */
export function registerPayApi(pay: Command): void {
  pay
    .command('api')
    .description('what is for sale: the operations that sellers publish, with their prices; spends nothing')
    .argument('[origin]', 'whom to ask; those of $FAREBOX_HOME/origins.txt when left out')
    .option('--search <words>', 'only what fits these words, best first')
    .option('--origins <list>', 'more origins, separated by commas; repeatable', collectOrigins)
    .option('--json', 'one JSON object on stdout, errors as one on stderr')
    .addHelpText(
      'after',
      `
Reads /openapi.json (x-payment-info) and /llms.txt of each origin. What stands there is advice: the price that counts
comes with the 402, and farebox pay request shows it before anything is paid. Texts are the sellers' own.

Examples:
  farebox pay api https://api.example.com
  farebox pay api --search 'bitcoin price' --json
  echo https://api.example.com >> ~/.farebox/origins.txt`,
    )
    .action(run);
}

function collectOrigins(text: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, ...text.split(',').filter((part) => part.trim() !== '')];
}

async function run(origin: string | undefined, options: Options): Promise<void> {
  const output = createOutput({ json: options.json });
  const home = findHome();
  const named = [...(origin === undefined ? [] : [origin]), ...(options.origins ?? [])];
  const origins = await wantedOrigins(home, named);
  const { readCatalogues } = await import('@farebox/wallet/catalogue');
  const services = await readCatalogues(origins);
  const remarks = services.flatMap((service) => service.remarks);
  if (origins.length === 0) {
    remarks.push(`No origin is known; name one, or write some into ${originsFile(home)}, one a line.`);
  }
  if (origin !== undefined) requireAnswer(services);
  const entries = await searchEntries(services, options.search);
  if (output.json) {
    output.object({
      ok: true,
      origins,
      services: services.map(viewService),
      endpoints: entries.map(viewEndpoint),
      remarks,
    });
    return;
  }
  for (const remark of remarks) output.remark(remark);
  if (entries.length > 0) output.text(showCatalogue(services, entries, output));
  else output.text(options.search === undefined ? 'Nothing is for sale there.' : 'Nothing fits these words.');
}

/** Who names one seller wants to hear that it does not answer. */
function requireAnswer(services: readonly CatalogueService[]): void {
  const [asked] = services;
  const [remark] = asked?.remarks ?? [];
  if (asked === undefined || asked.entries.length > 0 || remark === undefined) return;
  if (!/cannot be reached|did not come within/.test(remark)) return;
  throw new CliError('unreachable', remark, { exitCode: exitCodes.network });
}
