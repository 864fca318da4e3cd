import type { OutgoingHttpHeader, ServerResponse } from 'node:http';
import { isCachingField } from './caching-fields.js';

/** The status and the fields of an answer that is held. */
export interface HeldHead {
  /** From here on they stand, as with node once an answer has begun: `headersSent` is true, and setting a field throws. */
  stand(): void;
  /** The status that stands. */
  readonly status: number;
  /** Gives the response back to node, with what stands. */
  letGo(): void;
}

const fieldVerbs = {
  setHeader: 'set',
  setHeaders: 'set',
  appendHeader: 'append',
  removeHeader: 'remove',
} as const;

/**
 * Holds what node would make the header section of: `writeHead` begins the answer without making it. A `Payment-Receipt`
 * that is not the gate's is taken out: to a client it says that a payment was kept.
 */
export function holdHead(response: ServerResponse): HeldHead {
  const writeHead = response.writeHead.bind(response);
  let stands: { readonly status: number; readonly message: string } | undefined;
  let held = true;

  function refuseLate(verb: string): void {
    if (held && stands !== undefined) throw new HeadersSent(verb);
  }

  for (const [name, verb] of Object.entries(fieldVerbs)) {
    const set: unknown = Reflect.get(response, name);
    // setHeaders came to node later than the others.
    if (typeof set !== 'function') continue;
    Reflect.set(response, name, (...args: unknown[]): unknown => {
      refuseLate(verb);
      return Reflect.apply(set, response, args);
    });
  }
  response.writeHead = (status: number, ...rest: unknown[]) => {
    if (!held) return Reflect.apply(writeHead, response, [status, ...rest]);
    refuseLate('write');
    response.statusCode = status;
    const fields = rest.at(-1);
    if (typeof rest[0] === 'string') response.statusMessage = rest[0];
    if (typeof fields === 'object' && fields !== null) applyFields(response, fields);
    head.stand();
    return response;
  };
  // Node's own, for what a write finds unsaid. Middleware calls it too, and more than once, because it sees that no header
  // section has been made; what it has put around `writeHead` is to be heard once.
  Reflect.set(response, '_implicitHeader', () => {
    if (stands === undefined) response.writeHead(response.statusCode);
  });
  Object.defineProperty(response, 'headersSent', { configurable: true, get: () => stands !== undefined });
  const head: HeldHead = {
    stand() {
      if (stands !== undefined) return;
      response.removeHeader('Payment-Receipt');
      stands = { status: response.statusCode, message: response.statusMessage };
    },
    get status() {
      return stands?.status ?? response.statusCode;
    },
    letGo() {
      held = false;
      Reflect.deleteProperty(response, 'headersSent');
      Reflect.deleteProperty(response, '_implicitHeader');
      if (stands === undefined) return;
      response.statusCode = stands.status;
      response.statusMessage = stands.message;
    },
  };
  return head;
}

/** As node says it. */
class HeadersSent extends Error {
  readonly code = 'ERR_HTTP_HEADERS_SENT';
  constructor(verb: string) {
    super(`Cannot ${verb} headers after they are sent to the client`);
  }
}

/** The fields that are set, as a flat list. */
export function fieldsOf(response: ServerResponse): string[] {
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

/** Sets the fields of a flat list on an answer that is sold; what else a cache goes by is taken out. */
export function setSoldFields(response: ServerResponse, fields: readonly string[]): void {
  for (const name of response.getHeaderNames()) if (isCachingField(name)) response.removeHeader(name);
  for (let i = 0; i + 1 < fields.length; i += 2) response.setHeader(fields[i] ?? '', fields[i + 1] ?? '');
}

/** Takes out whatever was set. */
export function clearFields(response: ServerResponse): void {
  for (const name of response.getHeaderNames()) response.removeHeader(name);
}
