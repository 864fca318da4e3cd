import { text as readText } from 'node:stream/consumers';
import type { Command } from 'commander';
import { CliError, usageError } from '../cli-error.js';
import { createOutput } from '../output.js';
import { byHandRecipe } from './by-hand.js';

interface Options {
  readonly challenge: string;
  readonly preimage: string;
  readonly json?: boolean;
}

/** Longest line that a preimage is looked for in. */
const stdinCharsMax = 1_024;

/** Adds `farebox pay credential`. */
export function registerPayCredential(pay: Command): void {
  pay
    .command('credential')
    .description('build the Authorization value from a challenge and a preimage, for use with curl')
    .requiredOption('--challenge <value>', 'the WWW-Authenticate value of the 402')
    .requiredOption(
      '--preimage <->',
      'always -: the preimage is read from stdin, since arguments can be seen by others',
    )
    .option('--json', 'one JSON object on stdout instead of the bare value')
    .addHelpText(
      'after',
      `
Examples:
  challenge=$(curl -si "$url" | tr -d '\\r' | sed -n 's/^www-authenticate: //Ip')
  farebox pay invoice "$invoice" --yes --plain |
    farebox pay credential --challenge "$challenge" --preimage - |
    sed 's/^/Authorization: /' | curl -H @- "$url"

Without farebox, in any shell, for a GET; pay_invoice stands for your wallet: it gets the invoice and prints the
preimage:
${byHandRecipe}`,
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  if (options.preimage !== '-') {
    throw usageError(
      'Pass the preimage on stdin and write --preimage -: arguments can be seen by other processes.',
    );
  }
  const { parseChallenges, serializeCredential } = await import('@farebox/protocol');
  const { challenges } = parseChallenges(options.challenge.replace(/^\s*www-authenticate:\s*/i, '').trim());
  const challenge = challenges.find(({ method, intent }) => method === 'lightning' && intent === 'charge');
  if (challenge === undefined) {
    throw usageError(
      'There is no lightning charge in --challenge; give the whole value, beginning with Payment.',
    );
  }
  const preimage = readPreimage(await readText(process.stdin));
  await checkPreimage(challenge, preimage);
  const authorization = serializeCredential({ challenge, payload: { preimage } });
  const output = createOutput({ json: options.json ?? false });
  const header = challenge.header ?? 'Authorization';
  if (output.json) output.object({ ok: true, header, authorization });
  else output.text(authorization);
  if (header !== 'Authorization') output.remark(`This seller wants it in the field ${header}.`);
}

/** 64 hex characters, or the JSON object of `farebox pay invoice --json`. */
function readPreimage(input: string): string {
  const found = /(?:"preimage"\s*:\s*"|^)([0-9a-fA-F]{64})(?:"|$)/.exec(input.slice(0, stdinCharsMax).trim());
  if (found?.[1] === undefined) throw usageError('There is no preimage on stdin; it has 64 hex characters.');
  return found[1].toLowerCase();
}

async function checkPreimage(challenge: Parameters<typeof findHash>[0], preimage: string): Promise<void> {
  const [{ createHash }, expected] = await Promise.all([import('node:crypto'), findHash(challenge)]);
  const actual = createHash('sha256').update(Buffer.from(preimage, 'hex')).digest('hex');
  if (expected !== undefined && expected !== actual) {
    throw new CliError('wrong_preimage', 'The preimage is not that of the invoice in this challenge.', {
      retry: 'never',
    });
  }
}

async function findHash(challenge: import('@farebox/protocol').Challenge): Promise<string | undefined> {
  const [{ decodeRequest }, { decodeInvoice, parseChargeRequest }] = await Promise.all([
    import('@farebox/protocol'),
    import('@farebox/lightning'),
  ]);
  const object = decodeRequest(challenge.request);
  const charge = object === undefined ? undefined : parseChargeRequest(object);
  if (!charge?.ok) return undefined;
  const invoice = decodeInvoice(charge.value.invoice);
  return invoice.ok ? invoice.value.paymentHash : undefined;
}
