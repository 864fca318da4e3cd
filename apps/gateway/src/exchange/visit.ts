import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BodyRoom, Gate, SharedRoom } from '@farebox/gate';
import type { ClientOf } from '../clients.js';
import type { GatewayConfig } from '../config/config.js';
import type { Health } from '../health.js';
import type { Forwarder } from '../http/forwarder.js';
import type { RequestFields } from '../http/request-fields.js';
import type { Logger } from '../log.js';
import type { Meter } from '../metrics/meter.js';
import type { RouteTable } from '../route/table.js';
import type { HttpUpstream } from '../upstream/http-upstream.js';
import type { Activity } from './exchange.js';
import type { Sale } from './sell.js';

/** One request, on its way to a route. */
export interface Visit {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly fields: RequestFields;
  /** In the normal form of `readTarget`. */
  readonly path: string;
  readonly query: string;
  /** The client waits for 100 before it sends its body. */
  readonly expecting: boolean;
  /** The configuration that this request is served with, to its end. */
  readonly live: Live;
}

/** What the gateway itself says under paths of its own: the catalogue, its documents. */
export interface Documents {
  /**
   * Asked before routing, for every request: it must cost next to nothing when the path is none of its own, and it leaves
   * paths alone that a route names. True: it has answered, or is going to.
   */
  serve(visit: Visit): boolean;
}

/** A way in beside paying: an API key, a free quota. */
export interface OtherAccess {
  /**
   * Given every request for a priced route once its body has been read, before the gate is asked: it must cost next to
   * nothing when the request is none of its business. True: it sees to the end of the sale itself, with `serveUnpaid`,
   * `endSale`, or `serveAdmission` of what it has asked the gate; it may wait with `waitFor`.
   */
  enter(sale: Sale): boolean;
}

/**
 * What of a gateway is made of its configuration. It is exchanged as a whole, by reference, when the configuration is read
 * again: a request goes to its end with what it began with.
 */
export interface Live {
  readonly config: GatewayConfig;
  readonly gate: Gate;
  readonly table: RouteTable;
  readonly clientOf: ClientOf;
  readonly forwarder: Forwarder;
  readonly upstreams: ReadonlyMap<string, HttpUpstream>;
  readonly documents: Documents | undefined;
  readonly access: OtherAccess | undefined;
}

/** What a handler works with. */
export interface HandlerParts {
  /** What the next request is served with. */
  readonly live: () => Live;
  readonly activity: Activity;
  /** Room for request bodies. */
  readonly room: SharedRoom;
  /** Room for answers that are held because they are kept. */
  readonly answerRoom: BodyRoom;
  readonly logger: Logger;
  readonly meter: Meter;
  readonly health: Health;
  /** True once shutdown has begun. */
  readonly draining: () => boolean;
}
