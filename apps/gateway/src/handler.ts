import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type Admission,
  type BodyRoom,
  type Gate,
  hasBody,
  problemAnswer,
  readBody,
  readTarget,
  sendAnswer,
  sendReplay,
  type Terms,
} from '@farebox/gate';
import { problem } from '@farebox/protocol';
import type { ClientOf } from './clients.js';
import { ROUTE_METHODS } from './config/match.js';
import { healthPath } from './config/resolve.js';
import type { Activity, Exchange } from './exchange/exchange.js';
import { FreeExchange } from './exchange/free.js';
import { PaidExchange } from './exchange/paid.js';
import type { Health } from './health.js';
import { plainProblem } from './http/answer.js';
import { type RequestFields, readRequestFields } from './http/request-fields.js';
import { type Logger, loggableFields } from './log.js';
import { type Route, type RouteTable, upstreamTarget } from './route/table.js';

/** What a handler works with. */
export interface HandlerParts {
  readonly gate: Gate;
  readonly table: RouteTable;
  readonly activity: Activity;
  readonly clientOf: ClientOf;
  /** Room for request bodies. */
  readonly room: BodyRoom;
  /** Room for answers that are held because they are kept. */
  readonly answerRoom: BodyRoom;
  readonly logger: Logger;
  /** Undefined when `healthz` is off. */
  readonly health: (() => Promise<Health>) | undefined;
  /** True once shutdown has begun. */
  readonly draining: () => boolean;
}

/** One request, on its way to a route. */
interface Visit {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly fields: RequestFields;
  readonly path: string;
  readonly query: string;
  /** The client waits for 100 before it sends its body. */
  readonly expecting: boolean;
}

/** Handles one request. `expecting`: it came with `Expect: 100-continue`, and nothing has been said to that yet. */
export type Handler = (request: IncomingMessage, response: ServerResponse, expecting: boolean) => void;

/** Makes the handler: target → route → gate → upstream. Nothing reaches an upstream that the table does not name. */
export function createHandler(parts: HandlerParts): Handler {
  return function handle(request, response, expecting) {
    const fields = readRequestFields(request.rawHeaders);
    logRequest(parts.logger, request, response);
    const url = request.url ?? '';
    if (url === '*' && request.method === 'OPTIONS') {
      response.writeHead(204, ['Allow', ROUTE_METHODS.join(', ')]).end();
      return;
    }
    const target = readTarget(url);
    if (!target.ok) {
      badRequest(request, response, target.detail);
      return;
    }
    if (fields.hosts > 1) {
      badRequest(request, response, 'Send one Host field, not several.');
      return;
    }
    if (fields.websocket) {
      badRequest(request, response, 'WebSocket is not served here, and nothing was charged.');
      return;
    }
    const { path, query } = target;
    if (path === healthPath && parts.health !== undefined) {
      answerHealth(parts.health, request, response);
      return;
    }
    route(parts, { request, response, fields, path, query, expecting });
  };
}

function route(parts: HandlerParts, visit: Visit): void {
  const { request, response, path, query } = visit;
  const found = parts.table.find(request.method ?? '', path);
  if (found.kind === 'none') {
    sendAnswer(request, response, problemAnswer(problem('not-found')));
    return;
  }
  if (found.kind === 'method') {
    const allow = found.allow.join(', ');
    const detail = `This resource knows ${allow}.`;
    sendAnswer(request, response, plainProblem(405, 'Method Not Allowed', detail, ['Allow', allow]));
    return;
  }
  if (parts.draining()) {
    // Before anything is claimed: a credential that comes too late is as good at the next gateway.
    const detail =
      'The gateway is shutting down; send the request again, with the same credential if there is one.';
    const fields = ['Connection', 'close', 'Retry-After', '2'];
    sendAnswer(request, response, plainProblem(503, 'Service Unavailable', detail, fields, 'safe'));
    return;
  }
  if (found.route.terms !== undefined) {
    sell(parts, visit, found.route, found.route.terms);
    return;
  }
  if (visit.expecting) response.writeContinue();
  const exchange = new FreeExchange(request, response, found.route, () => parts.activity.end(exchange));
  parts.activity.begin(exchange);
  exchange.start(upstreamTarget(found.route, path, query));
}

/** A priced request: its body first, because the challenge is bound to it. */
function sell(parts: HandlerParts, visit: Visit, sold: Route, terms: Terms): void {
  const { request, response } = visit;
  if (!hasBody(request)) {
    admit(parts, visit, sold, terms, null);
    return;
  }
  if (visit.expecting && Number(request.headers['content-length'] ?? 0) <= sold.bodyBytesMax)
    response.writeContinue();
  readBody(request, sold.bodyBytesMax, parts.room, (read) => {
    switch (read.kind) {
      case 'body':
        admit(parts, visit, sold, terms, read.body);
        return;
      case 'too-large': {
        const detail = `The body is larger than ${sold.bodyBytesMax} bytes; send a smaller one.`;
        sendAnswer(request, response, problemAnswer(problem('body-too-large', { detail })));
        return;
      }
      case 'no-room': {
        const detail = 'The gateway holds as many request bodies as it can; nothing was charged, try again.';
        const answer = plainProblem(503, 'Service Unavailable', detail, ['Retry-After', '1'], 'safe');
        sendAnswer(request, response, answer);
        return;
      }
      case 'gone':
        return;
    }
  });
}

function admit(parts: HandlerParts, visit: Visit, sold: Route, terms: Terms, body: Buffer | null): void {
  const { request, response, path, query } = visit;
  const giveBack = (): void => {
    if (body !== null) parts.room.give(body.length);
  };
  const onFault = (error: unknown): void => {
    parts.logger.error({ error, route: sold.name }, 'a fault of the gateway');
    sendAnswer(request, response, problemAnswer(problem('internal-error')));
  };
  const conclude = (admission: Admission): void => {
    if (admission.kind === 'refused') {
      sendAnswer(request, response, admission.answer);
      giveBack();
      return;
    }
    const { delivery } = admission;
    if (admission.kind === 'replayed') {
      giveBack();
      sendReplay(request, response, admission.answer, delivery);
      return;
    }
    const target = upstreamTarget(sold, path, query);
    const done = (): void => {
      giveBack();
      parts.activity.end(exchange);
    };
    const exchange = new PaidExchange({
      request,
      response,
      route: sold,
      delivery,
      target,
      body,
      answerRoom: parts.answerRoom,
      done,
      onFault,
    });
    parts.activity.begin(exchange);
    exchange.start();
  };
  const { credentials, acceptPayment, idempotencyKey } = visit.fields;
  const method = request.method ?? '';
  const gateRequest = {
    method,
    path,
    query,
    credentials,
    acceptPayment,
    idempotencyKey,
    body: body ?? undefined,
    client: parts.clientOf(request, visit.fields),
  };
  const decided = parts.gate.admit(gateRequest, terms);
  if (!(decided instanceof Promise)) {
    conclude(decided);
    return;
  }
  const waiting: Exchange = { stop: () => void response.destroy(), place: 0 };
  parts.activity.begin(waiting);
  // The exchange has begun before the waiting ends, so a shutdown never sees nothing going on in between.
  decided
    .then(conclude, (error: unknown) => {
      onFault(error);
      giveBack();
    })
    .finally(() => parts.activity.end(waiting));
}

function badRequest(request: IncomingMessage, response: ServerResponse, detail: string): void {
  sendAnswer(request, response, problemAnswer(problem('bad-request', { detail })));
}

function answerHealth(
  health: () => Promise<Health>,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    const fields = ['Allow', 'GET, HEAD'];
    sendAnswer(request, response, plainProblem(405, 'Method Not Allowed', 'Use GET.', fields));
    return;
  }
  void health().then((state) => {
    const body = JSON.stringify(state);
    const status = state.status === 'ok' ? 200 : 503;
    const length = String(Buffer.byteLength(body));
    const headers = [
      'Cache-Control',
      'no-store',
      'Content-Type',
      'application/json',
      'Content-Length',
      length,
    ];
    sendAnswer(request, response, { status, headers, body });
  });
}

/** One line a request at debug, with its fields at trace. The query is left out: people put keys into queries. */
function logRequest(logger: Logger, request: IncomingMessage, response: ServerResponse): void {
  if (!logger.isLevelEnabled('debug')) return;
  const startMs = performance.now();
  const path = (request.url ?? '').replace(/\?.*$/s, '');
  response.once('close', () => {
    const ms = Math.round((performance.now() - startMs) * 10) / 10;
    const complete = response.writableFinished;
    const line = { method: request.method, path, status: response.statusCode, ms, complete };
    if (logger.isLevelEnabled('trace'))
      logger.trace({ ...line, fields: loggableFields(request.rawHeaders) }, 'request');
    else logger.debug(line, 'request');
  });
}
