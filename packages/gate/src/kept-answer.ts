import { type StoredAnswer, storedAnswerBytesMax } from '@farebox/ledger';
import { isCachingField } from './caching-fields.js';

/** Media types whose answers are streams: they leave as they come, and are not kept. */
const streamTypes = new Set([
  'text/event-stream',
  'application/x-ndjson',
  'application/jsonl',
  'application/json-seq',
]);

/** True for an answer that nobody should be made to wait for the end of: server-sent events, lines of JSON, multipart. */
export function isStream(contentType: string | undefined): boolean {
  const type = (contentType ?? '').replace(/;.*$/s, '').trim().toLowerCase();
  return streamTypes.has(type) || type.startsWith('multipart/');
}

/** What belongs to one transfer of an answer, and what the gate writes itself. */
const notKept = new Set([
  'connection',
  'keep-alive',
  'content-length',
  'transfer-encoding',
  'date',
  'trailer',
  'payment-receipt',
  'idempotent-replayed',
]);

/**
 * The answer in the form in which it is kept; undefined when it is larger than what is kept.
 *
 * @param headers flat list: name, value, name, value
 */
export function answerToKeep(
  status: number,
  headers: readonly string[],
  chunks: readonly Uint8Array[],
): StoredAnswer | undefined {
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  if (length > storedAnswerBytesMax) return undefined;
  const fields: string[] = [];
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const [name = '', value = ''] = headers.slice(i, i + 2);
    const lower = name.toLowerCase();
    if (!notKept.has(lower) && !isCachingField(lower)) fields.push(name, value);
  }
  return { status, headers: fields, body: Buffer.concat(chunks, length) };
}
