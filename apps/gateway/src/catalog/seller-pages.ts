import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { CatalogError } from './error.js';
import type { Page } from './page.js';

/** Most Markdown files that are read from the folder. */
export const sellerPagesMax = 1_000;
/** Largest size of one of them. */
export const sellerPageBytesMax = 512 * 1024;
/** Largest size of all of them together. */
export const sellerPagesBytesMax = 4 * 1024 * 1024;

const slugPattern = /^[A-Za-z0-9][A-Za-z0-9_.-]*(?:\/[A-Za-z0-9][A-Za-z0-9_.-]*)*$/;
const summaryCharsMax = 200;

/**
 * Reads the seller's Markdown files, in folders below as well. Other files, hidden ones and symbolic links are left out:
 * nothing that the folder does not hold itself is served.
 *
 * @throws CatalogError when the folder cannot be read, holds too much, or a file has a name that no path can have
 */
export async function readSellerPages(folder: string): Promise<Page[]> {
  const files = await filesOf(folder);
  if (files.length > sellerPagesMax)
    throw new CatalogError(
      `${folder} holds more than ${sellerPagesMax} Markdown files; name a smaller folder.`,
    );
  const pages: Page[] = [];
  let bytes = 0;
  for (const file of files) {
    const slug = file.split(sep).join('/').slice(0, -'.md'.length);
    if (!slugPattern.test(slug))
      throw new CatalogError(
        `${join(folder, file)} has a name that no path can have; use letters, digits, - and _.`,
      );
    const text = await readFile(join(folder, file), 'utf8');
    const size = Buffer.byteLength(text);
    if (size > sellerPageBytesMax)
      throw new CatalogError(
        `${join(folder, file)} is larger than ${sellerPageBytesMax} bytes; cut it in two.`,
      );
    bytes += size;
    if (bytes > sellerPagesBytesMax)
      throw new CatalogError(
        `${folder} holds more than ${sellerPagesBytesMax} bytes; name a smaller folder.`,
      );
    pages.push(pageOf(slug, text));
  }
  return pages;
}

async function filesOf(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
      .filter((file) => !file.split(sep).some((part) => part.startsWith('.') || part === 'node_modules'))
      .sort();
  } catch (cause) {
    throw new CatalogError(`${folder} cannot be read; name another folder in catalog.docs_folder.`, {
      cause,
    });
  }
}

function pageOf(slug: string, text: string): Page {
  const [, front = '', rest = ''] =
    /^\uFEFF?(?:---\r?\n([\s\S]*?)\r?\n---[ \t]*\r?\n)?([\s\S]*)$/.exec(text) ?? [];
  const titled = /^title:[ \t]*(["']?)(.+?)\1[ \t]*$/m.exec(front)?.[2];
  const heading = /^#[ \t]+(.+?)[ \t]*#*[ \t]*$/m.exec(rest)?.[1];
  const title = heading ?? titled ?? slug;
  const body = heading === undefined ? `# ${title}\n\n${rest}` : rest;
  return { slug, title, summary: firstLine(body), body, kind: 'seller' };
}

/** The first line of its first paragraph. */
function firstLine(body: string): string {
  const line = body.split('\n').find((each) => /^[\p{L}\p{N}*_[`"'(]/u.test(each.trim())) ?? '';
  const flat = line.replace(/\s+/g, ' ').trim();
  return flat.length <= summaryCharsMax ? flat : `${flat.slice(0, summaryCharsMax - 1)}…`;
}
