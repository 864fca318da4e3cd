import type { Result } from '@farebox/protocol';
import { plainText } from '../seller-problem.js';
import {
  type CatalogueDocument,
  type CatalogueEntry,
  type CatalogueLink,
  catalogueBytesMax,
  catalogueTimeoutMs,
  originsAtOnceMax,
  originsMax,
} from './entry.js';
import { type FetchedText, fetchText } from './fetch-text.js';
import { readLlmsTxt } from './llms-txt.js';
import { readOpenApi } from './openapi.js';

/** What one origin publishes about itself. */
export interface CatalogueService {
  readonly origin: string;
  readonly title: string | undefined;
  readonly summary: string | undefined;
  readonly categories: readonly string[];
  readonly links: readonly CatalogueLink[];
  readonly entries: readonly CatalogueEntry[];
  /** What could not be read, each as one sentence. */
  readonly remarks: readonly string[];
}

/** How catalogues are read. */
export interface CatalogueOptions {
  readonly fetch?: typeof globalThis.fetch | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

/**
 * Asks origins what they sell: `/openapi.json` for operations and prices, `/llms.txt` for what the service says of
 * itself. At most {@link originsMax} origins, a few at a time; one that does not answer never hides another. Spends
 * nothing and sends no credentials.
 *
 * @param origins - As `readOrigin` gives them.
 */
export async function readCatalogues(
  origins: readonly string[],
  options: CatalogueOptions = {},
): Promise<readonly CatalogueService[]> {
  const wanted = [...new Set(origins)].slice(0, originsMax);
  const services: CatalogueService[] = [];
  for (let at = 0; at < wanted.length; at += originsAtOnceMax) {
    const some = wanted.slice(at, at + originsAtOnceMax);
    services.push(...(await Promise.all(some.map((origin) => readService(origin, options)))));
  }
  return services;
}

async function readService(origin: string, options: CatalogueOptions): Promise<CatalogueService> {
  const [openApi, llms] = await Promise.all([
    ask(`${origin}/openapi.json`, 'application/json', options),
    ask(`${origin}/llms.txt`, 'text/plain, text/markdown', options),
  ]);
  const remarks: string[] = [];
  const described = describeOpenApi(origin, openApi, remarks);
  const told = isFound(llms) ? readLlmsTxt(llms.value.text, `${origin}/llms.txt`) : undefined;
  return {
    origin,
    title: described?.title ?? told?.title,
    summary: described?.summary ?? told?.summary,
    categories: described?.categories ?? [],
    links: [...(described?.links ?? []), ...(told?.links ?? [])],
    entries: described?.entries ?? [],
    remarks,
  };
}

function ask(url: string, accept: string, options: CatalogueOptions): Promise<Result<FetchedText>> {
  return fetchText(url, {
    fetch: options.fetch ?? globalThis.fetch,
    accept,
    bytesMax: catalogueBytesMax,
    timeoutMs: options.timeoutMs ?? catalogueTimeoutMs,
    signal: options.signal,
  });
}

type Found = { readonly ok: true; readonly value: FetchedText };

function isFound(answer: Result<FetchedText>): answer is Found {
  return answer.ok && answer.value.status === 200 && !/\bhtml\b/i.test(answer.value.contentType);
}

function describeOpenApi(
  origin: string,
  answer: Result<FetchedText>,
  remarks: string[],
): CatalogueDocument | undefined {
  const where = `${origin}/openapi.json`;
  if (!answer.ok) {
    remarks.push(`${where}: ${answer.detail}.`);
    return undefined;
  }
  const { status, location } = answer.value;
  if (status >= 300 && status <= 399 && location !== undefined) {
    remarks.push(`${where} points to ${plainText(location)}, which is not followed; ask that origin itself.`);
    return undefined;
  }
  if (!isFound(answer)) {
    remarks.push(`${where} answers ${status}, so this origin says nothing of what it sells.`);
    return undefined;
  }
  const read = readOpenApi(answer.value.text, where);
  if (!read.ok) {
    remarks.push(`${where}: ${read.detail}.`);
    return undefined;
  }
  const { entries, skipped } = read.value;
  if (skipped > 0)
    remarks.push(`${where}: ${skipped} operations were left out, whose offers cannot be read.`);
  if (entries.length === 0)
    remarks.push(`${where} describes nothing that is paid for with the Payment scheme.`);
  return read.value;
}
