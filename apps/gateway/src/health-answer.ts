import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendAnswer } from '@farebox/gate';
import type { Health } from './health.js';
import { plainProblem } from './http/answer.js';

/** The path of the liveness check; see `healthPaths`. */
const healthPath = '/healthz';
/** The path of the readiness check. */
const readinessPath = '/readyz';

/** Answers a check, if `path` is one's. Returns false when it is not. */
export function answerHealth(
  health: Health,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): boolean {
  if (path === healthPath) answer(request, response, () => health.alive());
  else if (path === readinessPath) answer(request, response, () => health.ready());
  else return false;
  return true;
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  ask: () => Promise<{ readonly status: string }>,
): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    const fields = ['Allow', 'GET, HEAD'];
    sendAnswer(request, response, plainProblem(405, 'Method Not Allowed', 'Use GET.', fields));
    return;
  }
  void ask().then((state) => {
    const body = JSON.stringify(state);
    const status = state.status === 'ok' || state.status === 'degraded' ? 200 : 503;
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
