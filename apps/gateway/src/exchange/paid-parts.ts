import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BodyRoom, Delivery } from '@farebox/gate';
import type { Forwarder } from '../http/forwarder.js';
import { forwardedFields } from '../http/request-fields.js';
import type { Stages } from '../metrics/stages.js';
import type { Route } from '../route/table.js';
import type { UpstreamRequest } from '../upstream/upstream.js';

/** What a paid exchange works with. */
export interface PaidParts {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly route: Route;
  readonly delivery: Delivery;
  /** Target for the upstream. */
  readonly target: string;
  readonly body: Buffer | null;
  readonly forwarder: Forwarder;
  /** Undefined: latencies are not measured. */
  readonly stages: Stages | undefined;
  /** Room for answers that are held because they are kept. */
  readonly answerRoom: BodyRoom;
  /** Called once: the delivery has ended and the connection is done with. */
  readonly done: () => void;
  /** A fault of ours. */
  readonly onFault: (error: unknown) => void;
}

/** The request that a paid exchange sends: without payment, and known to the upstream by its challenge. */
export function paidRequest(parts: PaidParts): UpstreamRequest {
  const { request, route, delivery, target, body, forwarder } = parts;
  return {
    method: request.method ?? 'GET',
    target,
    body,
    fresh: route.effect === 'once',
    headers: forwardedFields(request, {
      upstreamHost: route.upstream.host,
      forwarder,
      rules: route.headerRules.request,
      idempotencyKey: route.effect === 'safe' ? undefined : delivery.challengeId,
    }),
  };
}
