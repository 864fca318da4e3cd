import { type Answer, problemAnswer } from '@farebox/gate';
import { problem } from '@farebox/protocol';
import type { GatewayConfig } from '../config/config.js';
import type { CatalogConfig } from '../config/resolve-catalog.js';
import { plainProblem } from '../http/answer.js';
import type { RouteTable } from '../route/table.js';
import { apiCatalog, apiCatalogType } from './api-catalog.js';
import { type AskablePages, createAskablePages } from './ask.js';
import { createAskBudget } from './ask-budget.js';
import type { CatalogContext } from './catalog-context.js';
import { createPageWriter, type PageWriter, pagePolicy } from './html.js';
import { textAt } from './json-value.js';
import { listOperations } from './listing.js';
import { llmsFullText, llmsText, pageText } from './llms.js';
import { openapiDocument } from './openapi-document.js';
import { allPages } from './own-pages.js';
import type { Page } from './page.js';
import { documentPaths, markdownPath, pagePath } from './paths.js';
import { skillText } from './skill.js';
import type { CatalogSources } from './sources.js';
import { answerOf, freshAnswer, type StoredDocument, storedDocument } from './stored-document.js';

/** What is read of a request for a document. */
export interface DocumentRequest {
  readonly path: string;
  readonly query: string;
  readonly ifNoneMatch: string | undefined;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}

/** A document that the routes keep from being served, and the route that does. */
export interface HiddenDocument {
  readonly path: string;
  readonly route: string;
}

/** The documents of a gateway: each made once for a configuration, when it is first asked for; the same for everyone. */
export interface Catalog {
  /** The answer to GET (and HEAD) of a path; undefined where there is no document. */
  answer(request: DocumentRequest): Answer | Promise<Answer> | undefined;
  /** Every path that is answered. */
  readonly paths: readonly string[];
  readonly hidden: readonly HiddenDocument[];
}

const markdownType = 'text/markdown; charset=utf-8';
const htmlType = 'text/html; charset=utf-8';
/** Where a client finds the catalogue when it has found anything (RFC 9727 §3). */
const linkFields = [
  'Link',
  `<${documentPaths.apiCatalog}>; rel="api-catalog", <${documentPaths.openapi}>; rel="service-desc"`,
];
const pageFields = [...linkFields, 'Content-Security-Policy', pagePolicy, 'Referrer-Policy', 'no-referrer'];

/** Makes the catalogue of a configuration. Nothing is read or made again until the next configuration. */
export function buildCatalog(
  config: Pick<GatewayConfig, 'routes' | 'upstreams' | 'tempo' | 'keys'>,
  about: CatalogConfig,
  sources: CatalogSources,
  table: Pick<RouteTable, 'find'>,
): Catalog {
  const seller = sources.openapi;
  const context: CatalogContext = {
    about,
    title: about.title ?? textAt(seller?.info, 'title') ?? new URL(about.origin).host,
    description: about.description ?? textAt(seller?.info, 'description'),
    operations: listOperations(config, table, seller),
    seller,
    keyHeader: config.keys?.header,
    tempo: config.tempo,
  };
  const pages = allPages(context, sources.pages);
  const writer = createPageWriter(context, pages);
  const documents = documentsOf(context, pages, writer);
  const hidden = hiddenBy(table, [...documents.keys()], about.overWildcards);
  for (const { path } of hidden) documents.delete(path);
  const pageAt = pagesByPath(pages);
  const askable = createAskablePages(pages, about.origin);
  const budget = createAskBudget();
  return {
    paths: [...documents.keys()],
    hidden,
    answer({ path, query, ifNoneMatch, nowMs }) {
      const document = documents.get(path);
      if (document === undefined) return undefined;
      const question = query === '' ? null : new URLSearchParams(query).get('ask');
      const page = question === null ? undefined : pageAt.get(path);
      if (question === null || page === undefined) return answerOf(document(), ifNoneMatch);
      if (!budget.take(nowMs)) return tooManyQuestions();
      return answerTo(question, page, askable, path.endsWith('.md') ? undefined : writer);
    },
  };
}

function documentsOf(
  context: CatalogContext,
  pages: readonly Page[],
  writer: PageWriter,
): Map<string, () => StoredDocument> {
  const documents = new Map<string, () => StoredDocument>();
  const store = (
    path: string,
    type: string,
    text: () => string,
    fields: readonly string[] = linkFields,
  ): void =>
    void documents.set(
      path,
      once(() => storedDocument(type, text(), fields)),
    );
  store(documentPaths.openapi, 'application/json', () => JSON.stringify(openapiDocument(context)));
  store(documentPaths.llms, 'text/plain; charset=utf-8', () => llmsText(context, pages));
  store(documentPaths.llmsFull, 'text/plain; charset=utf-8', () => llmsFullText(context, pages));
  store(documentPaths.skill, markdownType, () => skillText(context));
  store(documentPaths.apiCatalog, apiCatalogType, () => JSON.stringify(apiCatalog(context)));
  for (const page of pages) {
    store(markdownPath(page.slug), markdownType, () => pageText(context, page));
    store(pagePath(page.slug), htmlType, () => writer.page(page), pageFields);
  }
  return documents;
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

function pagesByPath(pages: readonly Page[]): Map<string, Page> {
  return new Map(
    pages.flatMap((page) => [
      [markdownPath(page.slug), page],
      [pagePath(page.slug), page],
    ]),
  );
}

function tooManyQuestions(): Answer {
  const detail =
    'More questions are asked than are answered at a time; read the pages, or ask again in a second.';
  return plainProblem(429, 'Too Many Requests', detail, ['Retry-After', '1'], 'safe');
}

/** `writer`: the answer is for people. */
async function answerTo(
  question: string,
  page: Page,
  askable: AskablePages,
  writer: PageWriter | undefined,
): Promise<Answer> {
  const asked = await askable.ask(question, page.slug);
  if (!asked.ok) return problemAnswer(problem('bad-request', { detail: asked.detail }));
  return writer === undefined
    ? freshAnswer(markdownType, asked.answer, linkFields)
    : freshAnswer(htmlType, writer.answer(page, asked.answer), pageFields);
}

/**
 * Which documents the routes keep from being served: what a seller has named is served as named. A route that covers a
 * document's path only by `*` or `:name` gives way when the configuration says so.
 */
function hiddenBy(
  table: Pick<RouteTable, 'find'>,
  paths: readonly string[],
  overWildcards: boolean,
): HiddenDocument[] {
  return paths.flatMap((path) => {
    const found = table.find('GET', path);
    if (found.kind !== 'route') return [];
    const { name } = found.route;
    const exact = name.slice(name.indexOf(' ') + 1) === path;
    return exact || !overWildcards ? [{ path, route: name }] : [];
  });
}
