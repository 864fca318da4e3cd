import { type CatalogContext, isPriced, priceOf } from './catalog-context.js';
import { type JsonObject, memberOf, objectAt, textAt } from './json-value.js';
import type { Operation } from './operation.js';
import { blockInMarkdown, codeInMarkdown, type Page, plainInMarkdown } from './page.js';
import { sampleCommands, sampleRequest } from './sample-request.js';
import { parametersOf } from './seller-openapi.js';

/** The page of one heading: what each of its operations does, costs and takes, with commands to try it. */
export function groupPage(
  group: string,
  slug: string,
  members: readonly Operation[],
  context: CatalogContext,
): Page {
  const prices = [...new Set(members.map((operation) => priceOf(operation, context).short))];
  const count = `${members.length} ${members.length === 1 ? 'operation' : 'operations'}`;
  const summary = `${count}, ${prices.length === 1 ? prices.join() : `${prices.length} prices`}`;
  const said = context.seller?.tags.get(group);
  const body = [
    `# ${plainInMarkdown(group)}`,
    ...(said === undefined ? [] : [said]),
    table(members, context),
    ...members.map((operation) => section(operation, context)),
  ].join('\n\n');
  return { slug, title: group, summary, body, kind: 'group' };
}

function table(members: readonly Operation[], context: CatalogContext): string {
  const rows = members.map(
    (operation) =>
      `| ${codeInMarkdown(`${operation.method} ${operation.path}`)} | ${plainInMarkdown(operation.summary)} | ${plainInMarkdown(priceOf(operation, context).short)} |`,
  );
  return ['| Request | What it does | Price |', '| --- | --- | --- |', ...rows].join('\n');
}

function section(operation: Operation, context: CatalogContext): string {
  const { method, path, summary, description } = operation;
  const [price = '', ...table] = priceSection(operation, context);
  return [
    `## ${plainInMarkdown(`${method} ${path}`)}`,
    // One paragraph: whoever asks what something costs is shown what it is, too.
    `${sentence(plainInMarkdown(summary))} ${price}`,
    ...table,
    ...(description === undefined || description === summary ? [] : [description]),
    ...parameterSection(operation, context.seller?.components ?? {}),
    ...bodySection(operation),
    ...commandSection(operation, context),
  ].join('\n\n');
}

function sentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}

function priceSection(operation: Operation, context: CatalogContext): string[] {
  const { short, rows, otherwise } = priceOf(operation, context);
  if (!isPriced(operation)) return ['Price: a request is **free**.'];
  if (rows.length === 0) return [`Price: a request costs **${plainInMarkdown(short)}**.`];
  return [
    `Price: a request costs **${plainInMarkdown(short)}**. The first line that fits counts:`,
    [
      '| When | Price |',
      '| --- | --- |',
      ...rows.map(({ when, price }) => `| ${plainInMarkdown(when)} | ${plainInMarkdown(price)} |`),
      `| otherwise | ${plainInMarkdown(otherwise)} |`,
    ].join('\n'),
  ];
}

function parameterSection({ content, pathNames, restName }: Operation, components: JsonObject): string[] {
  const known = content === undefined ? [] : parametersOf(content, components);
  const rows =
    content === undefined
      ? pathNames.map((name) => [name, 'path', name === restName ? 'the rest of the path' : ''])
      : known.map((each) => [
          textAt(each, 'name') ?? '',
          `${textAt(each, 'in') ?? ''}${memberOf(each, 'required') === true ? '' : ', optional'}`,
          textAt(each, 'description') ?? textAt(objectAt(each, 'schema'), 'description') ?? '',
        ]);
  if (rows.length === 0) return [];
  const lines = rows.map(
    ([name = '', place = '', meaning = '']) =>
      `| ${codeInMarkdown(name)} | ${place} | ${plainInMarkdown(meaning)} |`,
  );
  return [['| Parameter | Where | |', '| --- | --- | --- |', ...lines].join('\n')];
}

function bodySection({ content }: Operation): string[] {
  const body = objectAt(content, 'requestBody');
  const types = Object.keys(objectAt(body, 'content') ?? {});
  if (body === undefined || types.length === 0) return [];
  const said = textAt(body, 'description');
  const words = `Body: ${types.map(codeInMarkdown).join(', ')}`;
  return [said === undefined ? `${words}.` : `${words}. ${plainInMarkdown(said)}`];
}

function commandSection(operation: Operation, context: CatalogContext): string[] {
  const sample = sampleRequest(operation, context.about.origin, context.seller?.components ?? {});
  const { preview, pay, curl } = sampleCommands(operation.method, sample);
  const fill =
    sample.open.length === 0
      ? []
      : [`Put your own values where ${sample.open.map((n) => codeInMarkdown(`{${n}}`)).join(', ')} stands.`];
  const lines = isPriced(operation)
    ? [
        `${preview}         # what it costs; spends nothing`,
        `${pay}   # pays and prints the answer`,
        `${curl}   # 402 with the challenge`,
      ]
    : [curl];
  return [...fill, blockInMarkdown('sh', aligned(lines))];
}

/** Comments under one another. */
function aligned(lines: readonly string[]): string {
  const parts = lines.map((line) => line.split(/ {3,}# /));
  const width = Math.max(...parts.map(([command = '']) => command.length));
  return parts
    .map(([command = '', comment]) =>
      comment === undefined ? command : `${command.padEnd(width)}   # ${comment}`,
    )
    .join('\n');
}
