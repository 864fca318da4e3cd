import type { IncomingMessage, ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import { hasBody, problemAnswer, sendAnswer } from '@farebox/gate';
import { problem } from '@farebox/protocol';
import { freeFailure } from '../http/answer.js';
import type { Forwarder } from '../http/forwarder.js';
import { forwardedFields } from '../http/request-fields.js';
import { responseFields } from '../http/response-fields.js';
import type { Route } from '../route/table.js';
import { judgeFailure, judgeStatus, type Stage } from '../upstream/failure.js';
import type { Abort, UpstreamSink } from '../upstream/upstream.js';
import { ClientPipe, isBodiless, NO_RESUME } from './client-pipe.js';
import type { Exchange } from './exchange.js';

/** What a free exchange works with. */
export interface FreeParts {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly route: Route;
  readonly forwarder: Forwarder;
  /** The body, where it has been read; null when there is none. Undefined: it streams. */
  readonly body: Buffer | null | undefined;
  /** Fields for the answer (flat list), beside the upstream's. */
  readonly fields: readonly string[] | undefined;
  /** Others pay for it: no cache may give it away. */
  readonly sold: boolean;
  /** Called with the status of the upstream's answer, when there is one. */
  readonly onAnswer: ((status: number) => void) | undefined;
  /** Called once: the connection is done with. */
  readonly done: () => void;
}

/** One request that passes without payment: streamed through both ways, with nothing kept and nothing owed. */
export class FreeExchange implements Exchange, UpstreamSink {
  place = 0;
  readonly #parts: FreeParts;
  #abort: Abort | undefined;
  #stage: Stage = 'unsent';
  #pipe: ClientPipe | undefined;
  #resume: () => void = NO_RESUME;

  constructor(parts: FreeParts) {
    this.#parts = parts;
  }

  /** @param target the request target for the upstream. */
  start(target: string): void {
    const { request, response, route, forwarder, done } = this.#parts;
    if (response.destroyed) {
      done();
      return;
    }
    response.once('close', () => {
      if (!response.writableFinished) this.#abort?.();
      done();
    });
    const { body = undefined } = this.#parts;
    const { passedBytesMax } = route;
    if (body === undefined && Number(request.headers['content-length'] ?? 0) > (passedBytesMax ?? Infinity)) {
      this.#tooLarge();
      return;
    }
    const headers = forwardedFields(request, {
      upstreamHost: route.upstream.host,
      forwarder,
      rules: route.headerRules.request,
      idempotencyKey: undefined,
    });
    const sent = body === undefined ? this.#streamBody(headers) : body;
    const method = request.method ?? 'GET';
    this.#abort = route.upstream.send({ method, target, headers, body: sent, fresh: false }, this);
  }

  /** The body as it comes, and its length, where the client has said it, into `headers`. */
  #streamBody(headers: string[]): PassThrough | null {
    const { request, route } = this.#parts;
    if (!hasBody(request)) return null;
    // A stream between: the upstream client destroys what it was given, and the request must outlive a failure
    // to carry the answer.
    const body = new PassThrough();
    request.pipe(body);
    request.once('close', () => {
      if (!request.complete) body.destroy();
    });
    // Its error is the exchange's, which is told to fail().
    body.on('error', NO_RESUME);
    const length = request.headers['content-length'];
    if (length !== undefined) headers.push('Content-Length', length);
    else if (route.passedBytesMax !== undefined) this.#watch(request, route.passedBytesMax);
    return body;
  }

  /** A body of which nobody knows how long it will be. */
  #watch(request: IncomingMessage, bytesMax: number): void {
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= bytesMax) return;
      request.unpipe();
      this.#abort?.();
      if (this.#parts.response.headersSent) this.#parts.response.destroy();
      else this.#tooLarge();
    });
  }

  #tooLarge(): void {
    const { request, response, route } = this.#parts;
    const detail = `The body is larger than ${route.passedBytesMax} bytes; send a smaller one.`;
    sendAnswer(request, response, problemAnswer(problem('body-too-large', { detail })));
  }

  get leaving(): boolean {
    const { response } = this.#parts;
    return response.writableEnded && !response.writableFinished;
  }

  stop(): void {
    this.#abort?.();
    this.#parts.response.destroy();
  }

  sending(): void {
    this.#stage = 'sent';
  }

  head(status: number, raw: readonly string[], resume: () => void): boolean {
    this.#stage = 'answering';
    const { route, fields, onAnswer, sold } = this.#parts;
    const read = responseFields(raw, sold, route.headerRules.answer);
    if (read === undefined) {
      this.#abort?.();
      this.fail(new Error('The upstream sent a field that may not be forwarded.'));
      return true;
    }
    // 402 is the gateway's alone; every other answer of a free upstream is its own business.
    if (status === 402) {
      this.#abort?.();
      sendAnswer(
        this.#parts.request,
        this.#parts.response,
        freeFailure(judgeStatus(402, 'safe')?.failure ?? 'refused', this.#parts.route.effect),
      );
      return true;
    }
    onAnswer?.(status);
    if (fields !== undefined) for (const text of fields) read.fields.push(text);
    this.#resume = resume;
    this.#pipe = new ClientPipe(
      this.#parts.response,
      isBodiless(this.#parts.request.method, status) ? undefined : read.length,
    );
    this.#parts.response.writeHead(status, read.fields);
    return true;
  }

  data(chunk: Buffer): boolean {
    return this.#pipe?.push(chunk, this.#resume) ?? true;
  }

  end(): void {
    this.#pipe?.end();
  }

  fail(error: Error): void {
    if (this.#parts.response.headersSent) {
      this.#parts.response.destroy();
      return;
    }
    const { failure } = judgeFailure(this.#stage, error, this.#parts.route.effect);
    sendAnswer(this.#parts.request, this.#parts.response, freeFailure(failure, this.#parts.route.effect));
  }
}
