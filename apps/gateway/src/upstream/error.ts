/** What a code of {@link UpstreamError} means; `failure.ts` has the tables that go by them. */
export type UpstreamErrorCode =
  /** No connection within `connect_timeout`. */
  | 'upstream_connect_timeout'
  /** All connections are in use: the line is full, or none became free within `connect_timeout`. Nothing was sent. */
  | 'upstream_busy'
  /** A request was sent, and no header section came within `headers_timeout`. */
  | 'upstream_headers_timeout'
  /** The body of an answer paused for longer than `idle_timeout`. */
  | 'upstream_idle_timeout'
  /** The whole exchange took longer than `total_timeout`. */
  | 'upstream_total_timeout'
  /** The connection ended before the answer did. */
  | 'upstream_closed'
  /** The answer is not HTTP/1.1 as RFC 9112 has it, or exceeds a limit. */
  | 'upstream_malformed'
  /** The request may not be put on a connection: a character or a field that would change its framing. */
  | 'upstream_unsendable'
  /** The body that was to be sent broke off, or is not as long as it was said to be. */
  | 'upstream_body'
  /** The gateway has dropped its connections. */
  | 'upstream_dropped';

/** Why an exchange with an upstream failed. What the system says (`ECONNREFUSED`, …) is passed on as it is. */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError';
  readonly code: UpstreamErrorCode;

  constructor(code: UpstreamErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** There was no connection to be had. */
export function busy(): UpstreamError {
  return new UpstreamError('upstream_busy', "All of the upstream's connections are in use.");
}

/** The connection ended, from whichever side. */
export function closed(): UpstreamError {
  return new UpstreamError('upstream_closed', 'The upstream closed the connection.');
}

/** The upstream sent something that is no answer. `fault` says what, and quotes nothing of it. */
export function malformed(fault: string): UpstreamError {
  return new UpstreamError('upstream_malformed', `The upstream's answer is not usable: ${fault}.`);
}

/** The gateway has no more use for the connection. */
export function dropped(): UpstreamError {
  return new UpstreamError('upstream_dropped', 'The gateway dropped the connection.');
}
