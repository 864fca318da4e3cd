import { createServer, type Server } from 'node:http';
import { problemAnswer, sendAnswer } from '@farebox/gate';
import { problem } from '@farebox/protocol';
import type { Health } from '../health.js';
import { answerHealth } from '../health-answer.js';
import { plainProblem } from '../http/answer.js';
import type { Exposition } from './exposition.js';

/** How long a scraper may take for its request. */
const requestReceivedMsMax = 10_000;

/** A listener for those who watch the gateway: `/metrics`, `/healthz`, `/readyz`. It sells nothing. */
export function createWatchListener(exposition: () => Promise<Exposition>, health: Health): Server {
  return createServer({ requestTimeout: requestReceivedMsMax }, (request, response) => {
    const path = (request.url ?? '').replace(/\?.*$/s, '');
    if (answerHealth(health, path, request, response)) return;
    if (path !== '/metrics') {
      sendAnswer(request, response, problemAnswer(problem('not-found')));
      return;
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      const fields = ['Allow', 'GET, HEAD'];
      sendAnswer(request, response, plainProblem(405, 'Method Not Allowed', 'Use GET.', fields));
      return;
    }
    void exposition()
      .then(async ({ contentType, render }) => {
        const body = await render();
        const length = String(Buffer.byteLength(body));
        const headers = ['Cache-Control', 'no-store', 'Content-Type', contentType, 'Content-Length', length];
        sendAnswer(request, response, { status: 200, headers, body });
      })
      .catch(() => sendAnswer(request, response, problemAnswer(problem('internal-error'))));
  });
}
