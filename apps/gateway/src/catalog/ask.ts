import MiniSearch from 'minisearch';
import { type Page, questionCharsMax } from './page.js';
import { type Passage, passagesOf } from './passage.js';
import { documentPaths, markdownPath } from './paths.js';

/** Words of a question that are looked for; the rest is not looked at. */
export const questionTermsMax = 16;
/** Passages that an answer quotes. */
export const answerPassagesMax = 4;
/** Longest direct excerpt, in characters. */
export const excerptCharsMax = 400;

/** Words that are in every question and every page. */
const commonWords = new Set(
  (
    'a about an and any are as at be by can could do does for from get has have how i if in into is it its may me my of on or our ' +
    'shall should so than that the their them there these they this those to us was we what when where which who whom why ' +
    'will with would you your'
  ).split(' '),
);

/** What came of a question. */
export type Asked =
  | { readonly ok: true; readonly answer: string }
  /** What the client has to do, in one sentence. */
  | { readonly ok: false; readonly detail: string };

/** Answers questions from a set of pages. */
export interface AskablePages {
  /** `slug`: the page that was asked, which is preferred a little. The first question waits for the index. */
  ask(question: string, slug: string): Promise<Asked>;
}

/**
 * Makes pages that can be asked: an index over all their passages, in memory. The work for a question is bounded by its
 * length, the number of its terms and the size of the pages, all of which are limited.
 *
 * The answer never repeats the question: whoever sends a link with a question in it must not be able to put words into the
 * mouth of these pages.
 */
export function createAskablePages(pages: readonly Page[], origin: string): AskablePages {
  let indexed: Promise<Indexed> | undefined;
  return {
    async ask(question, slug) {
      if (question.length > questionCharsMax)
        return {
          ok: false,
          detail: `The question is longer than ${questionCharsMax} characters; ask a shorter one.`,
        };
      const words = termsOf(question).filter((word) => !commonWords.has(word));
      const terms = [...new Set(words.map(stemOf))];
      if (terms.length === 0)
        return { ok: false, detail: 'The question has no word to look for; ask with ?ask=<question>.' };
      const wanted = terms.slice(0, questionTermsMax);
      // Made when it is first asked: a gateway that reads its configuration again must not stand still for it.
      indexed ??= indexOf(pages);
      const { index, passages } = await indexed;
      const found = index.search(wanted.join(' '), {
        boost: { heading: 3, title: 2 },
        prefix: (term) => term.length >= 4,
        fuzzy: (term) => (term.length >= 5 ? 1 : false),
        weights: { fuzzy: 0.3, prefix: 0.4 },
        boostDocument: (id) => (passages[Number(id)]?.slug === slug ? 1.3 : 1),
      });
      const best = found.slice(0, answerPassagesMax).flatMap(({ id }) => passages[Number(id)] ?? []);
      return { ok: true, answer: answerText(best, wanted, origin) };
    },
  };
}

interface Indexed {
  readonly index: MiniSearch<Passage>;
  readonly passages: readonly Passage[];
}

/** Indexes passages a few at a time, and lets other work pass in between. */
async function indexOf(pages: readonly Page[]): Promise<Indexed> {
  const passages = passagesOf(pages);
  const index = new MiniSearch<Passage>({
    fields: ['title', 'heading', 'text'],
    tokenize: termsOf,
    processTerm: stemOf,
  });
  await index.addAllAsync(passages, { chunkSize: indexChunkPassages });
  return { index, passages };
}

/** Passages that are indexed without a pause. */
const indexChunkPassages = 20;

function termsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** English plurals and the like, roughly: `prices` finds `price`. */
function stemOf(term: string): string {
  if (term.length > 4 && term.endsWith('ies')) return `${term.slice(0, -3)}y`;
  if (term.length > 3 && term.endsWith('s') && !term.endsWith('ss')) return term.slice(0, -1);
  return term;
}

function answerText(best: readonly Passage[], terms: readonly string[], origin: string): string {
  const [first] = best;
  if (first === undefined) {
    return `# Answer

These pages say nothing about that. All of them are listed in ${origin}${documentPaths.llms}
`;
  }
  const sources = [...new Map(best.map((each) => [each.slug, each])).values()];
  return `# Answer

${quoted(excerptOf(first.text, terms))}

From ${sourceLink(first, origin)}, word for word.

## Passages

${best.map((each, at) => `### ${at + 1}. ${each.heading === '' ? each.title : each.heading}\n\n${each.text}`).join('\n\n')}

## Sources

${sources.map((each) => `- [${linkText(each.title)}](${origin}${markdownPath(each.slug)})`).join('\n')}

This was found by full-text search in these pages; no model wrote it. Every page: ${origin}${documentPaths.llms}
`;
}

function sourceLink({ title, heading, slug }: Passage, origin: string): string {
  const name = heading === '' || heading === title ? title : `${title}, ${heading}`;
  return `[${linkText(name)}](${origin}${markdownPath(slug)})`;
}

function linkText(text: string): string {
  return text.replace(/[[\]\\]/g, '\\$&');
}

function quoted(text: string): string {
  return text
    .split('\n')
    .map((line) => `> ${line}`)
    .join('\n');
}

/** The paragraph, or where that is long the lines, that has most of the terms. */
function excerptOf(text: string, terms: readonly string[]): string {
  const score = (part: string): number => {
    const words = new Set(termsOf(part).map(stemOf));
    return terms.filter((term) => words.has(term)).length;
  };
  const pick = (parts: readonly string[]): string =>
    parts.reduce((best, part) => (score(part) > score(best) ? part : best), parts[0] ?? '');
  const paragraphs = text.split(/\n{2,}/).filter((part) => /[\p{L}\p{N}]/u.test(part));
  // Sentences say more than a table or a block of code, where there are any.
  const prose = paragraphs.filter((part) => !/^[ \t]*(?:```|~~~|\|)/.test(part));
  const paragraph = pick(prose.some((part) => score(part) > 0) ? prose : paragraphs);
  if (paragraph.length <= excerptCharsMax) return paragraph;
  const sentence = pick(paragraph.split(/(?<=[.!?])\s+|\n/));
  return sentence.length <= excerptCharsMax ? sentence : `${sentence.slice(0, excerptCharsMax - 1)}…`;
}
