import {
  isIntentIdentifier,
  isJsonObject,
  isMethodIdentifier,
  type JsonObject,
  type JsonValue,
  parseJsonObject,
  type Result,
  refuse,
} from '@farebox/protocol';
import { plainText } from '../seller-problem.js';
import {
  type CatalogueDocument,
  type CatalogueEntry,
  type CatalogueLink,
  type CatalogueOffer,
  entriesMax,
  offersMax,
} from './entry.js';

const operationNames = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'] as const;
/** draft-payment-discovery-00 §"Payment Offer Object": no sign, no leading zeros. */
const amountForm = /^(?:0|[1-9][0-9]{0,38})$/;
const labelsMax = 16;
const exampleCharsMax = 200;
const templatesMax = 16;
const linksMax = 16;

/**
 * Reads an OpenAPI 3 document with `x-payment-info` (draft-payment-discovery-00), both forms of it. Operations without
 * it are free or not for sale, and are left out. References are not followed.
 *
 * Codes: `catalogue_malformed`.
 *
 * @param text - The document; the caller bounds its length.
 * @param documentUrl - Where it was read; relative server addresses start there.
 */
export function readOpenApi(text: string, documentUrl: string): Result<CatalogueDocument> {
  const document = parseJsonObject(text);
  if (document === undefined) return refuse('catalogue_malformed', 'The document is no JSON object');
  if (typeof document.openapi !== 'string' || !document.openapi.startsWith('3.')) {
    return refuse('catalogue_malformed', 'The document is no OpenAPI 3 document');
  }
  const paths = object(document.paths);
  const base = readBase(document, documentUrl);
  const entries: CatalogueEntry[] = [];
  let skipped = 0;
  for (const [path, item] of Object.entries(paths)) {
    for (const [name, operation] of operationsOf(object(item))) {
      const info = operation['x-payment-info'];
      if (info === undefined) continue;
      const offers = readOffers(info);
      const url = readUrl(base, path);
      if (offers.length === 0 || url === undefined || entries.length >= entriesMax) {
        skipped += 1;
        continue;
      }
      entries.push(
        readEntry(operation, object(item), {
          method: name.toUpperCase(),
          url,
          exampleUrl: readUrl(base, filledIn(path, object(item), operation)) ?? url,
          offers,
          documentUrl,
        }),
      );
    }
  }
  const info = object(document.info);
  const service = object(document['x-service-info']);
  return {
    ok: true,
    value: {
      title: readText(info.title),
      summary: readText(info.summary) ?? readText(info.description),
      categories: readTexts(service.categories),
      links: readLinks(object(service.docs), documentUrl),
      entries,
      skipped,
    },
  };
}

function object(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

function operationsOf(item: JsonObject): readonly (readonly [string, JsonObject])[] {
  return operationNames.flatMap((name) => {
    const operation = Object.hasOwn(item, name) ? item[name] : undefined;
    return isJsonObject(operation) ? [[name, operation] as const] : [];
  });
}

function readText(value: JsonValue | undefined): string | undefined {
  if (typeof value !== 'string') return undefined;
  const text = plainText(value).trim();
  return text === '' ? undefined : text;
}

function readTexts(value: JsonValue | undefined): readonly string[] {
  if (!Array.isArray(value)) return [];
  return value
    .slice(0, labelsMax)
    .map(readText)
    .filter((text) => text !== undefined);
}

/** The first server of the document, else the place of the document itself. */
function readBase(document: JsonObject, documentUrl: string): string {
  const [server] = Array.isArray(document.servers) ? document.servers : [];
  const given = object(server).url;
  // An address with variables in it is no address.
  if (typeof given !== 'string' || given.includes('{') || !URL.canParse(given, documentUrl)) {
    return new URL('/', documentUrl).href;
  }
  return new URL(given, documentUrl).href;
}

/** The path with the examples that the document gives for its parameters: an address to ask for, and not a template. */
function filledIn(path: string, item: JsonObject, operation: JsonObject): string {
  // Of a stranger's document: long paths of many parameters would take as long as they like.
  const templates = path.match(/\{[^{}]*\}/g) ?? [];
  if (templates.length === 0 || templates.length > templatesMax) return path;
  const examples = new Map<string, string>();
  for (const parameter of [item.parameters, operation.parameters].flatMap(parametersOf)) {
    const { in: place, name, example = object(parameter.schema).example } = parameter;
    const text = place === 'path' ? exampleText(example) : undefined;
    if (typeof name === 'string' && text !== undefined) examples.set(`{${name}}`, text);
  }
  return path.replaceAll(/\{[^{}]*\}/g, (template) => examples.get(template) ?? template);
}

function parametersOf(list: JsonValue | undefined): readonly JsonObject[] {
  return Array.isArray(list) ? list.slice(0, labelsMax).map(object) : [];
}

/** As it stands in a path; undefined for what cannot. What stands for several segments keeps its slashes. */
function exampleText(example: JsonValue | undefined): string | undefined {
  if (typeof example !== 'string' && typeof example !== 'number') return undefined;
  const text = String(example);
  // Half of a surrogate pair is no text, and no segment may lead elsewhere.
  if (text === '' || text.length > exampleCharsMax || /\p{Surrogate}/u.test(text)) return undefined;
  const segments = text.split('/');
  if (segments.some((segment) => segment === '.' || segment === '..')) return undefined;
  return segments.map(encodeURIComponent).join('/');
}

function readUrl(base: string, path: string): string | undefined {
  if (!path.startsWith('/') || path.length > 2_048) return undefined;
  const whole = `${base.replace(/\/$/, '')}${path}`;
  if (!URL.canParse(whole)) return undefined;
  const url = new URL(whole);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return undefined;
  if (url.username !== '' || url.password !== '') return undefined;
  // Templates are written as they stand in the document; everything else as a URL writes it.
  return url.href.replaceAll('%7B', '{').replaceAll('%7D', '}');
}

function readOffers(info: JsonValue): readonly CatalogueOffer[] {
  if (!isJsonObject(info)) return [];
  const list = Array.isArray(info.offers) ? info.offers : [info];
  return list
    .slice(0, offersMax)
    .map(readOffer)
    .filter((offer) => offer !== undefined);
}

function readOffer(value: JsonValue): CatalogueOffer | undefined {
  if (!isJsonObject(value)) return undefined;
  const { method, intent, amount, currency, description } = value;
  if (typeof method !== 'string' || !isMethodIdentifier(method) || method.length > 64) return undefined;
  if (typeof intent !== 'string' || !isIntentIdentifier(intent) || intent.length > 64) return undefined;
  // `null` says that the price depends on the request; anything else that is no amount is no offer.
  if (amount !== null && (typeof amount !== 'string' || !amountForm.test(amount))) return undefined;
  return {
    method,
    intent,
    amount: amount === null ? undefined : BigInt(amount),
    currency: readText(currency),
    description: readText(description),
  };
}

interface Known extends Pick<CatalogueEntry, 'method' | 'url' | 'exampleUrl' | 'offers'> {
  readonly documentUrl: string;
}

function readEntry(operation: JsonObject, item: JsonObject, known: Known): CatalogueEntry {
  const { method, url, exampleUrl, offers, documentUrl } = known;
  const described = readText(operation.summary) ?? readText(operation.description);
  return {
    origin: new URL(documentUrl).origin,
    method,
    url,
    exampleUrl,
    offers,
    description: described ?? offers.find((offer) => offer.description)?.description ?? '',
    tags: readTexts(operation.tags),
    parameters: [...readParameters(item.parameters), ...readParameters(operation.parameters)],
    body: isJsonObject(operation.requestBody),
  };
}

function readParameters(value: JsonValue | undefined): readonly string[] {
  if (!Array.isArray(value)) return [];
  return value
    .slice(0, labelsMax)
    .map(object)
    .filter((parameter) => parameter.in === 'query' || parameter.in === 'path')
    .map((parameter) => readText(parameter.name))
    .filter((name) => name !== undefined);
}

function readLinks(docs: JsonObject, documentUrl: string): readonly CatalogueLink[] {
  return Object.entries(docs)
    .slice(0, linksMax)
    .flatMap(([title, value]) => {
      const url = readLink(value, documentUrl);
      return url === undefined ? [] : [{ title: plainText(title), url }];
    });
}

/** An address that may be shown: http or https, without a password in it. */
export function readLink(value: JsonValue | undefined, documentUrl: string): string | undefined {
  if (typeof value !== 'string' || value.length > 2_048 || !URL.canParse(value, documentUrl))
    return undefined;
  const url = new URL(value, documentUrl);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return undefined;
  return url.username === '' && url.password === '' ? url.href : undefined;
}
