import type { JsonValue } from '@farebox/protocol';

/** One call of a node's HTTP interface. */
export interface NodeCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below the node's address, with its query; every value in it already percent-encoded. */
  readonly path: string;
  /** The body, as JSON. */
  readonly json?: JsonValue;
  /** The body, as a form. */
  readonly form?: Readonly<Record<string, string>>;
  /** Beside the headers of every call. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How long the whole answer may take, milliseconds; the place's `answerMs` when left out. */
  readonly timeoutMs?: number;
  /**
   * What repeating it does. `harmless`: asked again, once, when a connection that was kept open turns out to be
   * dead. `moves-money`: never sent a second time, and always over a connection of its own, so that a dead one
   * cannot leave it in doubt.
   */
  readonly repeating: 'harmless' | 'moves-money';
}

/** A node's whole answer, whatever its status. */
export interface NodeAnswer {
  readonly status: number;
  readonly text: string;
  /** Undefined when the text is not JSON. */
  readonly json: JsonValue | undefined;
}

/** Text of a call's body and its type. */
export function bodyOf(call: NodeCall): { readonly text: string; readonly type: string } | undefined {
  if (call.json !== undefined) return { text: JSON.stringify(call.json), type: 'application/json' };
  if (call.form === undefined) return undefined;
  return { text: new URLSearchParams(call.form).toString(), type: 'application/x-www-form-urlencoded' };
}

/** JSON of a node, undefined where it is none. */
export function parseJson(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
