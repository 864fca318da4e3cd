import type { Route } from '../route/table.js';
import { upstreamTarget } from '../route/table.js';
import { FreeExchange } from './free.js';
import type { HandlerParts, Visit } from './visit.js';

/** How a request passes without payment. */
export interface PassOptions {
  /** The body, where it has been read; otherwise it streams. */
  readonly body?: Buffer | null;
  /** Fields for the answer (flat list), beside the upstream's. */
  readonly fields?: readonly string[];
  /** Others pay for it: no cache may give it away. Default false. */
  readonly sold?: boolean;
  /** Called with the status of the upstream's answer, when there is one. */
  readonly onAnswer?: (status: number) => void;
  /** Called once it is over. */
  readonly done?: () => void;
}

/** Sends a request on to its upstream without payment: free routes, shadow mode, keys. */
export function passThrough(
  parts: HandlerParts,
  visit: Visit,
  route: Route,
  options: PassOptions = {},
): void {
  const { request, response, path, query, live, expecting } = visit;
  if (expecting && options.body === undefined) response.writeContinue();
  const exchange = new FreeExchange({
    request,
    response,
    route,
    forwarder: live.forwarder,
    body: options.body,
    fields: options.fields,
    sold: options.sold === true,
    onAnswer: options.onAnswer,
    done: () => {
      parts.activity.end(exchange);
      options.done?.();
    },
  });
  parts.activity.begin(exchange);
  exchange.start(upstreamTarget(route, path, query));
}
