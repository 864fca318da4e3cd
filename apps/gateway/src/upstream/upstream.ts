import type { Readable } from 'node:stream';

/** What is sent to an upstream. */
export interface UpstreamRequest {
  readonly method: string;
  /** Origin-form target. */
  readonly target: string;
  /** Flat list: name, value, name, value. Holds Host; no hop-by-hop field, no Content-Length unless `body` streams. */
  readonly headers: string[];
  /** A Buffer is sent with its length. A stream is sent as it comes. */
  readonly body: Buffer | Readable | null;
  /**
   * True for `once` requests: a connection of its own. A connection that is being reused may be closing at that very
   * moment, and then nobody could say whether the request was executed.
   */
  readonly fresh: boolean;
}

/** A way to stop the exchange. Afterwards the sink hears nothing more. */
export type Abort = () => void;

/**
 * Who hears the answer. Called in the order start → (head → data* → end) or fail; fail may come at any time before
 * end, and nothing comes after end or fail.
 */
export interface UpstreamSink {
  /** The request is being put on a connection: from here on it may have been executed. */
  sending(): void;
  /**
   * The header section, as a flat list in its own spelling. Interim (1xx) answers are not shown.
   * Returns false to pause; `resume` continues.
   */
  head(status: number, headers: readonly string[], resume: () => void): boolean;
  /** Bytes of the body, without transfer coding. Returns false to pause; `resume` continues. */
  data(chunk: Buffer): boolean;
  end(): void;
  fail(error: Error): void;
}

/** A server behind the gateway. The forwarder knows no more of it than this, so the client can be exchanged. */
export interface Upstream {
  /** Value of the Host field. */
  readonly host: string;
  /** Starts one exchange. Faults are told to `sink.fail`, perhaps before this returns. */
  send(request: UpstreamRequest, sink: UpstreamSink): Abort;
  /** Drops every connection. Idempotent. */
  close(): Promise<void>;
}
