/** The media type of every error this API answers with (RFC 9457 section 3). */
export const problemMediaType = 'application/problem+json';

/** The status codes of this API's errors. */
export type ProblemStatus = 400 | 404 | 405 | 413 | 500 | 502 | 503 | 504;

/** The body of an error (RFC 9457 section 3.1). `type` is `about:blank`: the status code says what kind of error it is. */
export interface Problem {
  type: 'about:blank';
  title: string;
  status: ProblemStatus;
  detail: string;
}

const titles: Record<ProblemStatus, string> = {
  400: 'Bad Request',
  404: 'Not Found',
  405: 'Method Not Allowed',
  413: 'Content Too Large',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

/**
 * Builds the body of an error.
 *
 * @param detail one sentence for the caller; must not hold anything secret
 */
export function problemOf(status: ProblemStatus, detail: string): Problem {
  return { type: 'about:blank', title: titles[status], status, detail };
}

/** An answer other than success, thrown by a handler and turned into a {@link Problem} by the API. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  /** Stable name of the kind of error. */
  readonly code: string;
  /** The status code to answer with. */
  readonly status: ProblemStatus;

  /** @param detail one sentence that says what is wrong and what to do next */
  constructor(status: ProblemStatus, code: string, detail: string, cause?: unknown) {
    super(detail, cause === undefined ? undefined : { cause });
    this.status = status;
    this.code = code;
  }
}
