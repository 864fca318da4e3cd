import { createHash } from 'node:crypto';
import type { Answer } from '@farebox/gate';

/** For how long a document may be kept: draft-payment-discovery-00 §"Caching" recommends five minutes. */
export const documentLifeSeconds = 300;

/** A document that is ready to be sent. */
export interface StoredDocument {
  /** Strong, with its quotation marks (RFC 9110 §8.8.3). */
  readonly etag: string;
  readonly full: Answer;
  /** 304: the client has it. */
  readonly unchanged: Answer;
}

/** Makes a document once, for all who will ask. `fields`: flat list of fields that it has beside the usual ones. */
export function storedDocument(type: string, text: string, fields: readonly string[] = []): StoredDocument {
  const body = Buffer.from(text);
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  const kept = [
    ...commonFields,
    ...fields,
    'Cache-Control',
    `public, max-age=${documentLifeSeconds}`,
    'ETag',
    etag,
  ];
  return {
    etag,
    full: {
      status: 200,
      headers: [...kept, 'Content-Type', type, 'Content-Length', String(body.length)],
      body,
    },
    unchanged: { status: 304, headers: kept, body: '' },
  };
}

/** A text that was made for one request. Kept nowhere: there are as many of them as there are questions. */
export function freshAnswer(type: string, text: string, fields: readonly string[] = []): Answer {
  const body = Buffer.from(text);
  return {
    status: 200,
    headers: [
      ...commonFields,
      ...fields,
      'Cache-Control',
      'no-store',
      'Content-Type',
      type,
      'Content-Length',
      String(body.length),
    ],
    body,
  };
}

/** Programs in browsers may read the documents too (draft-payment-discovery-00 §"Cross-Origin Requests"). */
const commonFields = ['Access-Control-Allow-Origin', '*', 'X-Content-Type-Options', 'nosniff'];

/** The document, or that the client has it already (RFC 9110 §13.1.2: If-None-Match compares weakly). */
export function answerOf(document: StoredDocument, ifNoneMatch: string | undefined): Answer {
  if (ifNoneMatch === undefined) return document.full;
  const tags = ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes(document.etag) || tags.includes('*') ? document.unchanged : document.full;
}
