import type { OutgoingHttpHeader, ServerResponse } from 'node:http';
import { storedAnswerBytesMax } from '@farebox/ledger';
import type { Answer } from './answer.js';
import type { Delivery } from './delivery.js';
import { answerToKeep, isStream } from './kept-answer.js';

/**
 * Holds what a listener writes until the payment is decided: the first write asks the delivery to commit (an answer that
 * is charged for) or to release (anything else), and what was written meanwhile leaves afterwards, in order. Where the
 * answer is to be kept, it is decided when the answer is whole, or turns out to be too large or a stream.
 */
export function holdResponse(response: ServerResponse, delivery: Delivery): void {
  const write = response.write.bind(response);
  const end = response.end.bind(response);
  const flushHeaders = response.flushHeaders.bind(response);
  const writeHead = response.writeHead.bind(response);
  const queue: (() => void)[] = [];
  const chunks: Uint8Array[] = [];
  let length = 0;
  let deciding = false;
  let gone = false;

  function restore(): void {
    Object.assign(response, { write, end, flushHeaders, writeHead });
  }

  function decideOnce(whole: boolean): void {
    // Whoever left has been cut already: what the listener still writes is for nobody, and decides nothing.
    if (deciding || gone) return;
    deciding = true;
    // What the listener wrote may be no answer at all: its connection ends, and the payment is as good as cut.
    decide(whole).catch(() => response.destroy());
  }

  async function decide(whole: boolean): Promise<void> {
    const status = response.statusCode;
    const charged = delivery.charges(status);
    if (!charged) await delivery.release();
    const kept = whole && delivery.keepsAnswer ? answerToKeep(status, fieldsOf(response), chunks) : undefined;
    const outcome = charged ? await delivery.commit(status, kept) : undefined;
    restore();
    if (outcome?.ok === false) return replaceAnswer(response, outcome.answer);
    if (outcome !== undefined) setFields(response, outcome.headers);
    for (const action of queue) action();
    if (!response.writableEnded) response.emit('drain');
  }

  /** True while more of the answer is waited for. */
  function collects(): boolean {
    return (
      !deciding &&
      delivery.keepsAnswer &&
      delivery.charges(response.statusCode) &&
      length <= storedAnswerBytesMax &&
      !isStream(String(response.getHeader('content-type') ?? ''))
    );
  }

  function collect(chunk: unknown, encoding: unknown): void {
    const bytes = bytesOf(chunk, encoding);
    if (deciding || !delivery.keepsAnswer || bytes === undefined) return;
    chunks.push(bytes);
    length += bytes.length;
  }

  response.once('finish', () => delivery.answered());
  response.once('close', () => {
    gone = true;
    delivery.cut();
  });
  Object.assign(response, {
    writeHead(status: number, ...rest: unknown[]) {
      response.statusCode = status;
      const fields = rest.at(-1);
      if (typeof rest[0] === 'string') response.statusMessage = rest[0];
      if (typeof fields === 'object' && fields !== null) applyFields(response, fields);
      return response;
    },
    flushHeaders() {
      queue.push(flushHeaders);
      decideOnce(false);
    },
    write(...args: Parameters<typeof write>) {
      if (gone) return false;
      queue.push(() => void write(...args));
      collect(args[0], args[1]);
      // Whoever collects takes more; otherwise the writer waits for the `drain`, as with any slow client.
      if (collects()) return true;
      decideOnce(false);
      return false;
    },
    end(...args: Parameters<typeof end>) {
      queue.push(() => void end(...args));
      collect(args[0], args[1]);
      decideOnce(true);
      return response;
    },
  });
}

function bytesOf(chunk: unknown, encoding: unknown): Uint8Array | undefined {
  if (chunk instanceof Uint8Array) return chunk;
  if (typeof chunk !== 'string') return undefined;
  const known = typeof encoding === 'string' && Buffer.isEncoding(encoding) ? encoding : 'utf8';
  return Buffer.from(chunk, known);
}

/** The fields that are set, as a flat list. */
function fieldsOf(response: ServerResponse): string[] {
  return response.getHeaderNames().flatMap((name) => {
    const value = response.getHeader(name);
    const values = Array.isArray(value) ? value : [String(value)];
    return values.flatMap((each) => [name, each]);
  });
}

/** Fields of `writeHead`: a record, or a flat list in which a name may stand several times. */
function applyFields(response: ServerResponse, fields: object): void {
  if (!Array.isArray(fields)) {
    for (const [name, value] of Object.entries(fields)) response.setHeader(name, value);
    return;
  }
  const seen = new Set<string>();
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = String(fields[i]);
    const value: OutgoingHttpHeader = fields[i + 1];
    // The first of a name replaces what setHeader had put there, the next ones are added.
    if (seen.has(name.toLowerCase()))
      response.appendHeader(name, Array.isArray(value) ? value : String(value));
    else response.setHeader(name, value);
    seen.add(name.toLowerCase());
  }
}

function setFields(response: ServerResponse, fields: readonly string[]): void {
  for (let i = 0; i + 1 < fields.length; i += 2) response.setHeader(fields[i] ?? '', fields[i + 1] ?? '');
}

function replaceAnswer(response: ServerResponse, answer: Answer): void {
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  response.statusMessage = '';
  response.writeHead(answer.status, answer.headers);
  response.end(answer.body);
}
