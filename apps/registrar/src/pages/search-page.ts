import { documentPaths, pagePath } from '../documents/paths.js';
import { paymentWords } from '../documents/payment-words.js';
import type { Answer, DocumentSettings } from '../documents/settings.js';
import { escapeHtml, pageAnswer } from './frame.js';

/** One name found by a search, as the API's search says it. */
export interface FoundName {
  /** `myname.agent` */
  readonly domain: string;
  readonly available: boolean;
  /** Why it is not: `Registered on 2026-04-23`, `Reserved`. */
  readonly reason?: string;
  /** What an agent pays for a year: `0.52 pathUSD`, `1000 sat`. */
  readonly prices: readonly string[];
  /** What it costs people, where that is another price: `26.00 USD`. Whoever runs the registrar sells to them, not its API. */
  readonly humanPrice?: string;
}

/** What was looked for and found. */
export interface SearchView {
  /** What the person typed; empty before the first search. */
  readonly query: string;
  readonly results: readonly FoundName[];
  /** What is wrong with the query, in one sentence. */
  readonly problem?: string;
  /** The status that goes with the problem; 400 where none is said, 429 for one who searches too often. */
  readonly status?: number;
}

/** The longest query of the search form, characters. */
export const queryCharsMax = 253;

/** `/search?q=`: the form and what was found, or what is wrong with the query. */
export function searchPage(settings: DocumentSettings, view: SearchView): Answer {
  const { query, results, problem } = view;
  const title = query === '' ? settings.title : `${query}: search`;
  return pageAnswer(settings, {
    status: problem === undefined ? 200 : (view.status ?? 400),
    title,
    body: `<h1>Find a name</h1>
<p class="lead">Names for agents and their people, bought by the year with ${escapeHtml(paymentWords(settings))}.</p>
${searchForm(query, problem)}
${found(view, results)}`,
  });
}

/** The search form; a problem is read out with the field. */
export function searchForm(query: string, problem?: string): string {
  const described = problem === undefined ? '' : ' aria-describedby="problem" aria-invalid="true"';
  const said = problem === undefined ? '' : `\n<p id="problem" role="alert">${escapeHtml(problem)}</p>`;
  return `<form class="ask" action="${documentPaths.search}" method="get" role="search">
<label for="q">A name, with or without its ending</label>
<input id="q" name="q" type="search" value="${escapeHtml(query)}" maxlength="${queryCharsMax}" autocomplete="off" autocapitalize="none" spellcheck="false" required${described}>
<button>Search</button>
</form>${said}`;
}

function found(view: SearchView, results: readonly FoundName[]): string {
  if (view.query === '' || view.problem !== undefined) return '';
  if (results.length === 0) return '<p>No namespace here sells such a name. Try it without its ending.</p>';
  const free = results.filter(({ available }) => available).length;
  return `<h2>${free} of ${results.length} free for ${escapeHtml(view.query)}</h2>
<ul class="results">
${results.map(resultLine).join('\n')}
</ul>`;
}

function resultLine(result: FoundName): string {
  const { domain, available, reason, prices, humanPrice } = result;
  const people = humanPrice === undefined ? '' : `; for people ${humanPrice}`;
  const price = available && prices.length > 0 ? `${prices.join(' or ')} a year${people}` : (reason ?? '');
  const state = available ? '<span class="state free">Free</span>' : '<span class="state">Taken</span>';
  return `<li><a class="domain" href="${escapeHtml(pagePath(domain))}">${escapeHtml(domain)}</a><span class="price">${escapeHtml(price)}</span>${state}</li>`;
}
