import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Logger, loggableFields } from './log.js';

/** One line a request at debug, with its fields at trace. The query is left out: people put keys into queries. */
export function logRequest(logger: Logger, request: IncomingMessage, response: ServerResponse): void {
  if (!logger.isLevelEnabled('debug')) return;
  const startMs = performance.now();
  const path = (request.url ?? '').replace(/\?.*$/s, '');
  response.once('close', () => {
    const ms = Math.round((performance.now() - startMs) * 10) / 10;
    const complete = response.writableFinished;
    const line = { method: request.method, path, status: response.statusCode, ms, complete };
    if (logger.isLevelEnabled('trace'))
      logger.trace({ ...line, fields: loggableFields(request.rawHeaders) }, 'request');
    else logger.debug(line, 'request');
  });
}
