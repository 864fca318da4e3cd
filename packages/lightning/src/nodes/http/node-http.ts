import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import type { JsonValue } from '@farebox/protocol';
import type { NodeError, NodeErrorCode } from '../../node.js';
import { type NodePlace, readPlace } from './address.js';
import { bodyOf, type NodeAnswer, type NodeCall, parseJson } from './call.js';
import { NodeAgent } from './connect.js';
import { cleanDetail } from './detail.js';
import { describeLoss, refusalOf } from './failure.js';
import { LineSplitter } from './lines.js';
import { CallLost } from './lost.js';

/** How long an answer may take where the call says nothing else, milliseconds. */
export const answerMsDefault = 15_000;

/** Longest answer, and longest line of a stream, bytes. */
export const answerBytesMax = 4_194_304;

/** How a {@link NodeHttp} is made. */
export interface NodeHttpOptions extends NodePlace {
  /** Sent with every call; here belongs the credential. Never repeated in an error. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A call on its way: what the response listener and the ends of a call share. */
interface Attempt {
  readonly request: ClientRequest;
  sent: boolean;
  answered: boolean;
}

/**
 * JSON over HTTP or HTTPS to one node. Redirects are not followed, a credential leaves only over a connection whose
 * certificate was accepted, answers are bounded in time and size, and errors hold no secret.
 *
 * Calls reject with {@link CallLost} when there is no whole answer, and resolve with any status otherwise:
 * {@link NodeHttp.refusal} makes the error of one that is no success.
 */
export class NodeHttp {
  readonly name: string;
  readonly #url: URL;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #answerMs: number;
  readonly #kept: NodeAgent;
  readonly #fresh: NodeAgent;
  #closed = false;

  /** @throws NodeError `node_refused`: the address or the trust cannot be used */
  constructor(options: NodeHttpOptions) {
    const { url, address } = readPlace(options);
    this.name = options.name;
    this.#url = url;
    this.#headers = options.headers ?? {};
    this.#answerMs = options.answerMs ?? answerMsDefault;
    this.#kept = new NodeAgent(address, true);
    this.#fresh = new NodeAgent(address, false);
  }

  /** Calls, and resolves with the whole answer. */
  async call(call: NodeCall): Promise<NodeAnswer> {
    const first = await this.#attempt(call, call.repeating === 'moves-money' ? this.#fresh : this.#kept);
    // The connection had been kept and was dead: nothing was said against the call itself.
    return first === 'stale' ? this.#answer(await this.#attemptFresh(call)) : this.#answer(first);
  }

  /**
   * Calls, and reads the answer line by line, each a JSON value. Resolves with the first thing that `take` makes of
   * a line, at once, and hangs up; undefined when the stream ends without. A status that is no success is an
   * answer: `refused` makes of it what the call resolves with, or throws.
   *
   * @throws CallLost
   */
  async stream<T>(
    call: NodeCall,
    take: (line: JsonValue) => T | undefined,
    refused: (answer: NodeAnswer) => T,
  ): Promise<T | undefined> {
    // A stream is never asked for twice, and hangs up in the middle: a connection of its own.
    const answer = await this.#attempt(call, this.#fresh, take);
    if (answer === 'stale') throw this.#lost('node_unreachable', 'its connection was lost', true);
    if ('taken' in answer) return answer.taken;
    return answer.status >= 200 && answer.status < 300 ? undefined : refused(this.#answer(answer));
  }

  /** The error of an answer that is no success. `code` where the adapter knows better than the status. */
  refusal(answer: Pick<NodeAnswer, 'status' | 'json'>, code?: NodeErrorCode): NodeError {
    return refusalOf(this.name, answer, (text) => this.clean(text), code);
  }

  /** A node's words without what may be secret, for people. */
  clean(text: string): string {
    return cleanDetail(text, Object.values(this.#headers));
  }

  /** Ends all connections; calls under way and later ones reject. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#kept.destroy();
    this.#fresh.destroy();
  }

  async #attemptFresh(call: NodeCall): Promise<RawAnswer> {
    const second = await this.#attempt(call, this.#fresh);
    if (second === 'stale') throw this.#lost('node_unreachable', 'its connection was lost', true);
    return second;
  }

  #answer(raw: RawAnswer): NodeAnswer {
    return { status: raw.status, text: raw.text, json: parseJson(raw.text) };
  }

  #lost(code: NodeErrorCode, why: string, sent: boolean, cause?: Error): CallLost {
    return new CallLost(
      code,
      `${this.name} at ${this.#url.origin} gave no whole answer: ${why}.`,
      sent,
      cause === undefined ? undefined : { cause },
    );
  }

  #attempt(call: NodeCall, agent: NodeAgent): Promise<RawAnswer | 'stale'>;
  #attempt<T>(
    call: NodeCall,
    agent: NodeAgent,
    take: (line: JsonValue) => T | undefined,
  ): Promise<RawAnswer | Taken<T> | 'stale'>;
  #attempt<T>(
    call: NodeCall,
    agent: NodeAgent,
    take?: (line: JsonValue) => T | undefined,
  ): Promise<RawAnswer | Taken<T> | 'stale'> {
    if (this.#closed) {
      return Promise.reject(
        new CallLost('node_unreachable', `This connection to ${this.name} was closed.`, false),
      );
    }
    return new Promise((resolve, reject) => {
      const attempt = this.#send(call, agent);
      const { request } = attempt;
      const timeoutMs = call.timeoutMs ?? this.#answerMs;
      const timer = setTimeout(() => fail(new TimedOut(timeoutMs)), timeoutMs);
      const fail = (error: Error) => {
        clearTimeout(timer);
        if (isStale(call, attempt, error)) resolve('stale');
        else reject(this.#lossOf(attempt, error));
        request.destroy();
      };
      const done = (answer: RawAnswer | Taken<T>) => {
        clearTimeout(timer);
        resolve(answer);
        if ('taken' in answer) request.destroy();
      };
      request.on('error', fail);
      request.on('response', (response) => {
        attempt.answered = true;
        read(response, take, done, fail);
      });
    });
  }

  #send(call: NodeCall, agent: NodeAgent): Attempt {
    const body = bodyOf(call);
    const path = this.#url.pathname.replace(/\/$/, '') + call.path;
    const request = httpRequest({
      agent,
      method: call.method,
      path,
      headers: {
        Host: this.#url.host,
        Accept: 'application/json',
        ...(body === undefined
          ? {}
          : { 'Content-Type': body.type, 'Content-Length': String(Buffer.byteLength(body.text)) }),
        ...this.#headers,
        ...call.headers,
      },
    });
    const attempt: Attempt = { request, sent: false, answered: false };
    // The agent hands out only connections that stand: before this, not a byte has left.
    request.on('socket', () => {
      attempt.sent = true;
    });
    request.end(body?.text);
    return attempt;
  }

  #lossOf(attempt: Attempt, error: Error): CallLost {
    const { sent } = attempt;
    if (error instanceof TooLong) return this.#lost('node_misbehaved', error.message, sent, error);
    if (error instanceof TimedOut) return this.#lost('node_unreachable', error.message, sent, error);
    if (attempt.answered) return this.#lost('node_unreachable', 'it was cut off', sent, error);
    if ('code' in error && typeof error.code === 'string' && error.code.startsWith('HPE_')) {
      return this.#lost('node_misbehaved', `it is not HTTP (${error.code})`, sent, error);
    }
    return new CallLost('node_unreachable', describeLoss(this.name, this.#url.origin, error), sent, {
      cause: error,
    });
  }
}

interface RawAnswer {
  readonly status: number;
  readonly text: string;
}

interface Taken<T> {
  readonly taken: T;
}

class TooLong extends Error {}

class TimedOut extends Error {
  constructor(timeoutMs: number) {
    super(`it took longer than ${timeoutMs} ms`);
  }
}

/** A connection that was kept open and closed by the node meanwhile: harmless calls are made again. */
function isStale(call: NodeCall, attempt: Attempt, error: Error): boolean {
  return (
    call.repeating === 'harmless' &&
    attempt.request.reusedSocket &&
    !attempt.answered &&
    !(error instanceof TimedOut)
  );
}

/** Reads an answer whole, or line by line as long as `take` is given and the status is a success. */
function read<T>(
  response: IncomingMessage,
  take: ((line: JsonValue) => T | undefined) | undefined,
  done: (answer: RawAnswer | Taken<T>) => void,
  fail: (error: Error) => void,
): void {
  const status = response.statusCode ?? 0;
  const parts: Buffer[] = [];
  let bytes = 0;
  const lines = take !== undefined && status >= 200 && status < 300 ? new LineSplitter() : undefined;
  const takeLines = (found: readonly string[]) => {
    for (const line of found) {
      const value = parseJson(line);
      const taken = value === undefined ? undefined : take?.(value);
      if (taken !== undefined) {
        done({ taken });
        return;
      }
    }
  };
  // An exception in an event handler would end the process.
  const takeSafely = (found: readonly string[]) => {
    try {
      takeLines(found);
    } catch (error) {
      fail(error instanceof Error ? error : new Error('It could not be read.'));
    }
  };
  response.on('data', (part: Buffer) => {
    bytes = lines === undefined ? bytes + part.length : lines.pendingBytes + part.length;
    if (bytes > answerBytesMax) fail(new TooLong(`it is longer than ${answerBytesMax} bytes`));
    else if (lines === undefined) parts.push(part);
    else takeSafely(lines.push(part));
  });
  response.on('error', fail);
  response.on('aborted', () => fail(new Error('It was cut off.')));
  response.on('end', () => {
    if (lines !== undefined) takeSafely(lines.rest());
    done({ status, text: Buffer.concat(parts).toString('utf8') });
  });
}
