import { type CatalogContext, freeQuotaWords, isPriced } from './catalog-context.js';
import { isObject, type JsonObject, listAt, memberOf, objectAt } from './json-value.js';
import { receiptHeader, sharedNames } from './openapi-shared.js';
import type { Operation } from './operation.js';
import { paymentInfo } from './payment-info.js';

const withBody = new Set(['POST', 'PUT', 'PATCH']);

/** An operation object of OpenAPI 3.1, with `x-payment-info` and 402 where it costs something. */
export function openapiOperation(operation: Operation, context: CatalogContext): JsonObject {
  const { content, route, id, summary, description, group } = operation;
  // Servers and security are ours to say: the gateway is where buyers go, and decides whom it lets through.
  const { servers: _servers, security: _security, 'x-payment-info': _info, ...said } = content ?? {};
  const info = isPriced(operation) ? paymentInfo(route, context, freeQuotaWords(operation)) : undefined;
  const parameters = parametersOf(operation);
  const tags = listAt(said, 'tags').length > 0 && route.catalog.group === undefined ? {} : { tags: [group] };
  return {
    ...said,
    operationId: id,
    summary,
    ...(description === undefined ? {} : { description }),
    ...tags,
    ...(parameters.length === 0 ? { parameters: undefined } : { parameters }),
    ...(content === undefined && withBody.has(operation.method) ? { requestBody: anyBody } : {}),
    ...(info === undefined ? {} : { 'x-payment-info': info }),
    security: isPriced(operation)
      ? [{ payment: [] }, ...(context.keyHeader === undefined ? [] : [{ apiKey: [] }])]
      : [],
    responses: responsesOf(operation, context.keyHeader !== undefined),
  };
}

/** What a route passes on of which nobody has said more. */
const anyBody = { description: 'Passed on to the service as it is.', content: { '*/*': { schema: {} } } };

/** The seller's own parameters; without a file of theirs, the names in the path with the values of the route's example. */
function parametersOf({ content, path, pathNames, restName, route }: Operation): unknown[] {
  if (content !== undefined) return [...listAt(content, 'parameters')];
  const values = valuesIn(path, route.catalog.example ?? '');
  return pathNames.map((name, at) => ({
    name,
    in: 'path',
    required: true,
    ...(name === restName ? { description: 'The rest of the path; it may have slashes.' } : {}),
    schema: { type: 'string' },
    ...(values[at] === undefined ? {} : { example: values[at] }),
  }));
}

/** What stands in an example where names stand in a template; empty where the example is of another path. */
function valuesIn(template: string, example: string): string[] {
  const wanted = template.split('/');
  const given = example.replace(/\?.*$/s, '').split('/');
  const fits =
    wanted.length === given.length && wanted.every((part, at) => part.includes('{') || part === given[at]);
  return fits ? given.filter((_, at) => wanted[at]?.includes('{')).map(decodedSegment) : [];
}

function decodedSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** What the gateway itself answers instead of serving. A free route has none of it. */
function refusalsOf(operation: Operation, keyed: boolean): JsonObject {
  if (!isPriced(operation)) return {};
  const shared = (name: string) => ({ $ref: `#/components/responses/${name}` });
  return {
    ...(keyed ? { 401: shared(sharedNames.unauthorized) } : {}),
    402: shared(sharedNames.paymentRequired),
    403: shared(keyed ? sharedNames.forbidden : sharedNames.otherResource),
    429: shared(sharedNames.tooManyRequests),
    500: shared(sharedNames.unavailable),
    502: shared(sharedNames.upstreamFailed),
    503: shared(sharedNames.unavailable),
  };
}

function responsesOf(operation: Operation, keyed: boolean): JsonObject {
  const { content } = operation;
  const refusals = refusalsOf(operation, keyed);
  if (content === undefined) {
    const ok = { description: 'What the service answers.', ...receiptOf(operation) };
    return { 200: ok, 400: { $ref: `#/components/responses/${sharedNames.badRequest}` }, ...refusals };
  }
  const said = objectAt(content, 'responses') ?? {};
  const { 402: _own, ...kept } = said;
  const answers = Object.entries(kept).map(([status, answer]) => [
    status,
    withReceipt(status, answer, operation),
  ]);
  return {
    ...(answers.length === 0 ? { 200: { description: 'What the service answers.' } } : {}),
    ...refusals,
    ...Object.fromEntries(answers),
    ...(memberOf(said, '402') === undefined || isPriced(operation) ? {} : { 402: said['402'] }),
  };
}

function receiptOf(operation: Operation): JsonObject {
  return isPriced(operation) ? { headers: receiptHeader } : {};
}

/** A paid 2xx has a receipt; one that is a reference elsewhere is left as it is. */
function withReceipt(status: string, answer: unknown, operation: Operation): unknown {
  if (!status.startsWith('2') || !isObject(answer) || memberOf(answer, '$ref') !== undefined) return answer;
  if (!isPriced(operation)) return answer;
  return { ...answer, headers: { ...objectAt(answer, 'headers'), ...receiptHeader } };
}
