import {
  type Admission,
  type Answer,
  type GateRequest,
  hasBody,
  type OwnRoom,
  problemAnswer,
  readBody,
  sendAnswer,
  sendReplay,
  type Terms,
} from '@farebox/gate';
import { isPaymentCredential, problem } from '@farebox/protocol';
import { plainProblem } from '../http/answer.js';
import { jsonTypeFault } from '../price/json-type.js';
import { type Route, upstreamTarget } from '../route/table.js';
import type { Exchange } from './exchange.js';
import { PaidExchange } from './paid.js';
import { passThrough } from './pass.js';
import type { HandlerParts, Visit } from './visit.js';

/** A request for a priced route, with its body read. It ends once: with an answer, an exchange, or a fault. */
export interface Sale {
  readonly parts: HandlerParts;
  readonly visit: Visit;
  readonly route: Route;
  readonly terms: Terms;
  readonly body: Buffer | null;
  /** Where the body is held; null: there is none. */
  readonly room: OwnRoom | null;
}

/** A priced request: its body first, because the challenge is bound to it. */
export function sell(parts: HandlerParts, visit: Visit, route: Route, terms: Terms): void {
  const { request, response } = visit;
  if (!hasBody(request)) {
    open({ parts, visit, route, terms, body: null, room: null });
    return;
  }
  const detail = route.pricedByJson ? jsonTypeFault(request.rawHeaders) : undefined;
  if (detail !== undefined) {
    // A paid request too: the fields are not bound to the challenge, and may be others than those it was issued for.
    sendAnswer(request, response, problemAnswer(problem('bad-request', { detail })));
    return;
  }
  if (visit.expecting && Number(request.headers['content-length'] ?? 0) <= route.bodyBytesMax)
    response.writeContinue();
  const presents = visit.fields.credentials.some(isPaymentCredential);
  const client = visit.live.clientOf(request, visit.fields);
  const room = parts.room.open({ client, presents, bytesMax: route.bodyBytesMax });
  readBody(request, route.bodyBytesMax, room, (read) => {
    switch (read.kind) {
      case 'body':
        open({ parts, visit, route, terms, body: read.body, room });
        return;
      case 'too-large': {
        const detail = `The body is larger than ${route.bodyBytesMax} bytes; send a smaller one.`;
        sendAnswer(request, response, problemAnswer(problem('body-too-large', { detail })));
        return;
      }
      case 'no-room': {
        sendAnswer(request, response, noRoom(presents));
        return;
      }
      case 'gone':
        return;
    }
  });
}

/** The 503 for a body that cannot be held now. Whoever comes with a credential may have paid: it is as good next time. */
function noRoom(presents: boolean): Answer {
  const what = presents
    ? 'the credential was not used up, send the request again with it.'
    : 'nothing was charged, try again.';
  const detail = `The gateway holds as many request bodies as it can, or as it does for one client; ${what}`;
  const retry = presents ? 'same-credential' : 'safe';
  return plainProblem(503, 'Service Unavailable', detail, ['Retry-After', '1'], retry);
}

/** Another way in than paying has the first word, where the configuration has one. */
function open(sale: Sale): void {
  const { access } = sale.visit.live;
  if (access?.enter(sale) !== true) admit(sale);
}

/** The request as the gate sees it. */
export function gateRequest({ visit, body }: Sale): GateRequest {
  const { credentials, acceptPayment, idempotencyKey } = visit.fields;
  return {
    method: visit.request.method ?? '',
    path: visit.path,
    query: visit.query,
    credentials,
    acceptPayment,
    idempotencyKey,
    body: body ?? undefined,
    client: visit.live.clientOf(visit.request, visit.fields),
  };
}

function admit(sale: Sale): void {
  const decided = sale.visit.live.gate.admit(gateRequest(sale), sale.terms);
  if (decided instanceof Promise) waitFor(sale, decided, (admission) => serveAdmission(sale, admission));
  else serveAdmission(sale, decided);
}

/** Does what the gate has decided. The end of the sale, whatever it is. */
export function serveAdmission(sale: Sale, admission: Admission): void {
  const { request, response } = sale.visit;
  switch (admission.kind) {
    case 'refused':
      endSale(sale, admission.answer);
      return;
    case 'replayed':
      giveBack(sale);
      sendReplay(request, response, admission.answer, admission.delivery);
      return;
    case 'admitted':
      deliver(sale, admission);
  }
}

/** Ends the sale with an answer of the gateway's own. */
export function endSale(sale: Sale, answer: Answer): void {
  sendAnswer(sale.visit.request, sale.visit.response, answer);
  giveBack(sale);
}

/**
 * Ends the sale by serving it without payment.
 *
 * @param fields for the answer (flat list), beside the upstream's
 * @param done called once it is over
 */
export function serveUnpaid(sale: Sale, fields: readonly string[], done?: () => void): void {
  const { parts, visit, route, body } = sale;
  sale.room?.admitted();
  passThrough(parts, visit, route, {
    body,
    fields,
    sold: true,
    done: () => {
      giveBack(sale);
      done?.();
    },
  });
}

function deliver(sale: Sale, { delivery }: Admission & { kind: 'admitted' }): void {
  const { parts, visit, route, body } = sale;
  const { request, response, path, query, live } = visit;
  sale.room?.admitted();
  const done = (): void => {
    giveBack(sale);
    parts.activity.end(exchange);
  };
  const exchange = new PaidExchange({
    request,
    response,
    route,
    delivery,
    target: upstreamTarget(route, path, query),
    body,
    forwarder: live.forwarder,
    answerRoom: parts.answerRoom,
    stages: parts.meter.stages,
    done,
    onFault: (error) => fault(sale, error),
  });
  parts.activity.begin(exchange);
  exchange.start();
}

/**
 * Goes on with `next` once something is decided; what rejects is a fault of the gateway, and ends the sale.
 *
 * The exchange that follows begins before the waiting ends, so a shutdown never sees nothing going on in between.
 */
export function waitFor<T>(sale: Sale, decided: Promise<T>, next: (value: T) => void): void {
  const { parts, visit } = sale;
  const waiting: Exchange = { stop: () => void visit.response.destroy(), leaving: false, place: 0 };
  parts.activity.begin(waiting);
  decided
    .then(next, (error: unknown) => {
      fault(sale, error);
      giveBack(sale);
    })
    .finally(() => parts.activity.end(waiting));
}

function fault({ parts, visit, route }: Sale, error: unknown): void {
  parts.logger.error({ error, route: route.name }, 'a fault of the gateway');
  sendAnswer(visit.request, visit.response, problemAnswer(problem('internal-error')));
}

function giveBack({ room, body }: Sale): void {
  if (body !== null) room?.give(body.length);
}
