import type { OutgoingHttpHeader, ServerResponse } from 'node:http';
import type { Answer } from './answer.js';
import type { Delivery } from './delivery.js';

/**
 * Holds what a listener writes until the payment is decided: the first write asks the delivery to commit (2xx) or to
 * release (anything else), and what was written meanwhile leaves afterwards, in order. Writers see `false` from
 * `write` and a `drain` later, as with any slow client.
 */
export function holdResponse(response: ServerResponse, delivery: Delivery): void {
  const write = response.write.bind(response);
  const end = response.end.bind(response);
  const flushHeaders = response.flushHeaders.bind(response);
  const writeHead = response.writeHead.bind(response);
  const queue: (() => void)[] = [];
  let deciding = false;

  function restore(): void {
    Object.assign(response, { write, end, flushHeaders, writeHead });
  }

  function later(action: () => void): void {
    queue.push(action);
    if (deciding) return;
    deciding = true;
    void decide();
  }

  async function decide(): Promise<void> {
    const success = response.statusCode >= 200 && response.statusCode < 300;
    if (!success) await delivery.release();
    const outcome = success ? await delivery.commit() : undefined;
    restore();
    if (outcome?.ok === false) return replaceAnswer(response, outcome.answer);
    if (outcome !== undefined) setFields(response, outcome.headers);
    for (const action of queue) action();
    if (!response.writableEnded) response.emit('drain');
  }

  response.once('finish', () => delivery.answered());
  response.once('close', () => delivery.cut());
  Object.assign(response, {
    writeHead(status: number, ...rest: unknown[]) {
      response.statusCode = status;
      const fields = rest.at(-1);
      if (typeof rest[0] === 'string') response.statusMessage = rest[0];
      if (typeof fields === 'object' && fields !== null) applyFields(response, fields);
      return response;
    },
    flushHeaders: () => later(flushHeaders),
    write(...args: Parameters<typeof write>) {
      later(() => void write(...args));
      return false;
    },
    end(...args: Parameters<typeof end>) {
      later(() => void end(...args));
      return response;
    },
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
