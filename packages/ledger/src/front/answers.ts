import type { KeptAnswer, StoredAnswer } from '../ledger.js';
import { storedAnswerBytesMax } from '../request-bounds.js';
import { DamagedRow, whole } from './rows.js';

/** Longest headers of a kept answer, as JSON. Servers and clients of HTTP stop far below. */
export const storedHeadersLengthMaxChars = 65_536;

/** An answer on its way to the store: its headers as JSON. */
export interface TravellingAnswer {
  readonly status: number;
  readonly headers: string;
  /** Bytes that nobody else has, in an ArrayBuffer of exactly their length: they may be moved to another thread. */
  readonly body: Uint8Array;
}

/**
 * Says why a ledger would not keep an answer, or nothing. Whoever has one that it would not keep delivers without it.
 *
 * @param json its headers as JSON, where they are at hand
 */
export function answerOutOfBounds(
  { status, headers, body }: StoredAnswer,
  json = JSON.stringify(headers),
): string | undefined {
  if (!Number.isInteger(status) || status < 100 || status > 599) return 'the status of an answer is none';
  if (body.length > storedAnswerBytesMax)
    return `the body of an answer is above ${storedAnswerBytesMax} bytes; do not keep it`;
  if (headers.length % 2 !== 0 || !headers.every((text) => typeof text === 'string'))
    return 'the headers of an answer are no flat list of names and values';
  if (json.length > storedHeadersLengthMaxChars)
    return `the headers of an answer are above ${storedHeadersLengthMaxChars} characters; do not keep it`;
  return undefined;
}

/**
 * Makes an answer ready to be kept; a text says why it cannot be. Its body is copied, since the caller may use its own
 * bytes for something else before the answer is on disk.
 */
export function travellingAnswer(answer: StoredAnswer): TravellingAnswer | string {
  const json = JSON.stringify(answer.headers);
  const reason = answerOutOfBounds(answer, json);
  return reason ?? { status: answer.status, headers: json, body: new Uint8Array(answer.body) };
}

/** The columns of a kept answer as a database gives them. */
export interface AnswerColumns {
  readonly seq: number;
  readonly stored: unknown;
  readonly status: unknown;
  readonly headers: unknown;
  readonly body: unknown;
}

/**
 * Reads a kept answer, and asserts that it can be.
 *
 * @throws {DamagedRow}
 */
export function keptAnswerOf(columns: AnswerColumns): KeptAnswer {
  const { seq, body } = columns;
  const damaged = (): never => {
    throw new DamagedRow(`The answer that is kept for claim ${seq} cannot be read.`);
  };
  const status = whole(columns.status, 'status');
  if (status < 100 || status > 599 || typeof columns.headers !== 'string') return damaged();
  if (!(body instanceof Uint8Array) || body.length > storedAnswerBytesMax) return damaged();
  const headers = headersOf(columns.headers) ?? damaged();
  // Not a view of a pool: it may cross to another thread, where the whole of what it views would be copied.
  return { storedMs: whole(columns.stored, 'stored'), status, headers, body: new Uint8Array(body) };
}

function headersOf(json: string): readonly string[] | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (!Array.isArray(parsed) || parsed.length % 2 !== 0) return undefined;
  return parsed.every((text) => typeof text === 'string') ? parsed : undefined;
}
