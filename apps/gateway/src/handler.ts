import type { IncomingMessage, ServerResponse } from 'node:http';
import { problemAnswer, readTarget, sendAnswer, watchQueued } from '@farebox/gate';
import { problem } from '@farebox/protocol';
import { ROUTE_METHODS } from './config/match.js';
import { passThrough } from './exchange/pass.js';
import { sell } from './exchange/sell.js';
import { passInShadow } from './exchange/shadow.js';
import type { HandlerParts, Visit } from './exchange/visit.js';
import { answerHealth } from './health-answer.js';
import { headerTooLargeDetail, headerTooLargeTitle, plainProblem } from './http/answer.js';
import { answerPreflight, openToOrigins } from './http/cross-origin.js';
import { readRequestFields } from './http/request-fields.js';
import { logRequest } from './log-request.js';

/** Handles one request. `expecting`: it came with `Expect: 100-continue`, and nothing has been said to that yet. */
export type Handler = (request: IncomingMessage, response: ServerResponse, expecting: boolean) => void;

/**
 * Makes the handler: target → documents → route → gate → upstream. Nothing reaches an upstream that the table does not
 * name. The configuration is looked at once, here; what follows works with what the request began with.
 */
export function createHandler(parts: HandlerParts): Handler {
  return function handle(request, response, expecting) {
    watchQueued(request, response);
    if (request.socket.destroyed) return;
    const fields = readRequestFields(request.rawHeaders);
    logRequest(parts.logger, request, response);
    const url = request.url ?? '';
    const live = parts.live();
    const { headerBytesMax } = live.config.limits;
    // As node counts: the target, the names and the values. At the limit is too large.
    if (url.length + fields.bytes >= headerBytesMax) {
      const detail = headerTooLargeDetail(headerBytesMax);
      const answer = plainProblem(431, headerTooLargeTitle, detail, ['Connection', 'close']);
      sendAnswer(request, response, answer);
      return;
    }
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
    if (live.config.healthz && answerHealth(parts.health, path, request, response)) return;
    const { cors } = live.config;
    if (cors !== undefined && answerPreflight(cors, request, response)) return;
    const visit = { request, response, fields, path, query, expecting, live };
    if (live.documents?.serve(visit) === true) return;
    if (cors !== undefined) openToOrigins(cors, request, response);
    route(parts, visit);
  };
}

function route(parts: HandlerParts, visit: Visit): void {
  const { request, response, path, live } = visit;
  const found = live.table.find(request.method ?? '', path);
  if (found.kind === 'none') {
    sendAnswer(request, response, problemAnswer(problem('not-found')));
    return;
  }
  if (found.kind === 'ambiguous') {
    badRequest(request, response, 'The path is spelled so that it could be taken for another resource.');
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
  const { terms, shadow } = found.route;
  if (terms === undefined) passThrough(parts, visit, found.route);
  else if (shadow) passInShadow(parts, visit, found.route, terms);
  else sell(parts, visit, found.route, terms);
}

function badRequest(request: IncomingMessage, response: ServerResponse, detail: string): void {
  sendAnswer(request, response, problemAnswer(problem('bad-request', { detail })));
}
