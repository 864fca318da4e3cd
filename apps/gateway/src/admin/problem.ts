import { problemSchema } from './schemas.js';

/** A failure of the admin API, as a problem (RFC 9457). */
export class AdminProblem extends Error {
  override readonly name = 'AdminProblem';
  readonly status: 400 | 401 | 404 | 409 | 413 | 415 | 500 | 503;

  constructor(status: AdminProblem['status'], detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.status = status;
  }
}

const titles: Readonly<Record<AdminProblem['status'], string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  404: 'Not Found',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** The answer that says it. */
export function problemResponse({ status, message: detail }: AdminProblem): Response {
  const headers: Record<string, string> = {
    'Content-Type': 'application/problem+json',
    'Cache-Control': 'no-store',
  };
  if (status === 401) headers['WWW-Authenticate'] = 'Bearer realm="farebox admin"';
  if (status === 503) headers['Retry-After'] = '2';
  const body = { type: 'about:blank', title: titles[status], status, detail };
  return new Response(JSON.stringify(body), { status, headers });
}

/** The answers that every operation may give, for the OpenAPI. */
export const commonAnswers = {
  400: answerOf('The request is not as this document says.'),
  401: answerOf('The bearer token is missing or wrong.'),
  404: answerOf('There is no such thing.'),
  503: answerOf('What is asked about does not answer; try again.'),
};

/** The answers that an operation with a body may give beside them. */
export const bodyAnswers = {
  413: answerOf('The body is too large.'),
  415: answerOf('The body is not application/json.'),
};

function answerOf(description: string) {
  return { description, content: { 'application/problem+json': { schema: problemSchema } } };
}
