import type { Page } from './page.js';

/** A stretch of one page that is found and quoted as a whole. */
export interface Passage {
  readonly id: number;
  readonly slug: string;
  readonly title: string;
  /** The heading it stands under; empty before the first. */
  readonly heading: string;
  /** Markdown. */
  readonly text: string;
}

/** Longest passage, in characters. What is longer is cut between paragraphs. */
export const passageCharsMax = 1_200;

/** Cuts pages into passages: at headings, and long sections between paragraphs. */
export function passagesOf(pages: readonly Page[]): Passage[] {
  const passages: Passage[] = [];
  for (const { slug, title, body } of pages) {
    for (const { heading, text } of sectionsOf(body)) {
      for (const part of piecesOf(text))
        passages.push({ id: passages.length, slug, title, heading, text: part });
    }
  }
  return passages;
}

/** Splits at headings; a line that begins with # in a block of code is none. */
function sectionsOf(body: string): { readonly heading: string; readonly text: string }[] {
  const sections: { heading: string; lines: string[] }[] = [{ heading: '', lines: [] }];
  let fence: string | undefined;
  for (const line of body.split(/\r?\n/)) {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (fence === undefined && mark !== undefined) fence = mark;
    else if (fence && mark?.startsWith(fence) && line.trim() === mark) fence = undefined;
    const heading = fence === undefined ? /^ {0,3}#{1,6}[ \t]+(.+?)[ \t]*#*$/.exec(line)?.[1] : undefined;
    if (heading === undefined) sections.at(-1)?.lines.push(line);
    else sections.push({ heading: plain(heading), lines: [] });
  }
  return sections
    .map(({ heading, lines }) => ({ heading, text: lines.join('\n').trim() }))
    .filter(({ text }) => text !== '');
}

function plain(heading: string): string {
  return heading
    .replace(/\\([\\`*_[\]<>|#~{}()!+.-])/g, '$1')
    .replace(/[`*]/g, '')
    .trim();
}

function piecesOf(text: string): string[] {
  const pieces: string[] = [];
  let piece = '';
  for (const paragraph of text.split(/\n{2,}/).flatMap(bounded)) {
    if (piece !== '' && piece.length + paragraph.length + 2 > passageCharsMax) {
      pieces.push(piece);
      piece = '';
    }
    piece = piece === '' ? paragraph : `${piece}\n\n${paragraph}`;
  }
  if (piece !== '') pieces.push(piece);
  return pieces;
}

/** A paragraph that is a passage or more by itself (a long table) is cut between lines, a long line anywhere. */
function bounded(paragraph: string): string[] {
  if (paragraph.length <= passageCharsMax) return [paragraph];
  const parts: string[] = [];
  let part = '';
  const lines = paragraph.split('\n').flatMap((line) => line.match(/[\s\S]{1,1200}/g) ?? []);
  for (const line of lines) {
    if (part !== '' && part.length + line.length + 1 > passageCharsMax) {
      parts.push(part);
      part = '';
    }
    part = part === '' ? line : `${part}\n${line}`;
  }
  return part === '' ? parts : [...parts, part];
}
