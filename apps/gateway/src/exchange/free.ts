import type { IncomingMessage, ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import { hasBody, sendAnswer } from '@farebox/gate';
import { freeFailure } from '../http/answer.js';
import { forwardedFields } from '../http/request-fields.js';
import { responseFields } from '../http/response-fields.js';
import type { Route } from '../route/table.js';
import { judgeFailure, judgeStatus, type Stage } from '../upstream/failure.js';
import type { Abort, UpstreamSink } from '../upstream/upstream.js';
import { ClientPipe, isBodiless } from './client-pipe.js';
import type { Exchange } from './exchange.js';

const NO_RESUME = (): void => {};

/** One request on a free route: streamed through both ways, with nothing kept and nothing owed. */
export class FreeExchange implements Exchange, UpstreamSink {
  place = 0;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #route: Route;
  readonly #done: () => void;
  #abort: Abort | undefined;
  #stage: Stage = 'unsent';
  #pipe: ClientPipe | undefined;
  #resume: () => void = NO_RESUME;

  constructor(request: IncomingMessage, response: ServerResponse, route: Route, done: () => void) {
    this.#request = request;
    this.#response = response;
    this.#route = route;
    this.#done = done;
  }

  /** @param target the request target for the upstream. */
  start(target: string): void {
    const request = this.#request;
    this.#response.once('close', () => {
      if (!this.#response.writableFinished) this.#abort?.();
      this.#done();
    });
    const headers = forwardedFields(request.rawHeaders, {
      upstreamHost: this.#route.upstream.host,
      clientAddress: request.socket.remoteAddress ?? '',
      clientHost: request.headers.host,
      idempotencyKey: undefined,
    });
    let body: PassThrough | null = null;
    if (hasBody(request)) {
      // A stream between: the upstream client destroys what it was given, and the request must outlive a failure
      // to carry the answer.
      body = new PassThrough();
      request.pipe(body);
      request.once('close', () => {
        if (!request.complete) body?.destroy();
      });
      // Its error is the exchange's, which is told to fail().
      body.on('error', NO_RESUME);
      const length = request.headers['content-length'];
      if (length !== undefined) headers.push('Content-Length', length);
    }
    const method = request.method ?? 'GET';
    this.#abort = this.#route.upstream.send({ method, target, headers, body, fresh: false }, this);
  }

  stop(): void {
    this.#abort?.();
    this.#response.destroy();
  }

  sending(): void {
    this.#stage = 'sent';
  }

  head(status: number, raw: readonly string[], resume: () => void): boolean {
    this.#stage = 'answering';
    const read = responseFields(raw, false);
    if (read === undefined) {
      this.#abort?.();
      this.fail(new Error('The upstream sent a field that may not be forwarded.'));
      return true;
    }
    // 402 is the gateway's alone; every other answer of a free upstream is its own business.
    if (status === 402) {
      this.#abort?.();
      sendAnswer(
        this.#request,
        this.#response,
        freeFailure(judgeStatus(402, 'safe')?.failure ?? 'refused', this.#route.effect),
      );
      return true;
    }
    this.#resume = resume;
    this.#pipe = new ClientPipe(
      this.#response,
      isBodiless(this.#request.method, status) ? undefined : read.length,
    );
    this.#response.writeHead(status, read.fields);
    return true;
  }

  data(chunk: Buffer): boolean {
    return this.#pipe?.push(chunk, this.#resume) ?? true;
  }

  end(): void {
    this.#pipe?.end();
  }

  fail(error: Error): void {
    if (this.#response.headersSent) {
      this.#response.destroy();
      return;
    }
    const { failure } = judgeFailure(this.#stage, error, this.#route.effect);
    sendAnswer(this.#request, this.#response, freeFailure(failure, this.#route.effect));
  }
}
