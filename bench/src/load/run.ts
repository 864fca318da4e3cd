import type { LoadResult } from '../process/tables.js';
import { type Connection, openConnection } from './connection.js';
import type { Requests } from './requests.js';
import type { ResponseSeen } from './response-reader.js';

/** What a run of the load generator is. */
export interface RunOptions {
  readonly port: number;
  readonly connections: number;
  readonly requests: Requests;
  readonly status: number;
  readonly milliseconds: number;
  readonly requestsMax: number;
}

/**
 * Drives a server: each connection sends its next request as soon as the last one is answered. Nothing is cut off at
 * the end: what was sent is waited for and counted, so that the server's own counts can be compared.
 *
 * Rejects when a connection is lost.
 */
export async function runLoad(options: RunOptions): Promise<LoadResult> {
  const { port, requests, status, milliseconds, requestsMax } = options;
  const unexpected: Record<string, number> = {};
  let sent = 0;
  let answered = 0;
  let receipts = 0;
  let over = false;
  let endMs = 0;

  let finish: () => void = () => {};
  let fail: (error: Error) => void = () => {};
  const finished = new Promise<void>((resolve, reject) => {
    finish = resolve;
    fail = reject;
  });
  finished.catch(() => {}); // a connection may be lost while others still open
  const open = Array.from({ length: options.connections }, () =>
    openConnection(port, (error) => fail(error)),
  );
  const connections = await Promise.all(open);

  const startMs = performance.now();
  const timer = setTimeout(() => {
    over = true;
  }, milliseconds);
  const step = (connection: Connection): void => {
    const request = over || sent === requestsMax ? undefined : requests.next();
    if (request === undefined) {
      over = true;
      if (answered === sent) {
        endMs = performance.now();
        finish();
      }
      return;
    }
    sent += 1;
    connection.send(request, (response) => {
      count(response);
      step(connection);
    });
  };
  const count = (response: ResponseSeen): void => {
    answered += 1;
    if (response.receipt) receipts += 1;
    if (response.status !== status) {
      unexpected[response.status] = (unexpected[response.status] ?? 0) + 1;
    }
  };
  for (const connection of connections) step(connection);
  try {
    await finished;
  } finally {
    clearTimeout(timer);
    for (const connection of connections) connection.close();
  }
  return { requests: answered, milliseconds: endMs - startMs, receipts, unexpected };
}

/** Sends one request over a connection of its own. */
export function askOnce(port: number, request: Buffer): Promise<ResponseSeen> {
  return new Promise((resolve, reject) => {
    openConnection(port, reject).then((connection) => {
      connection.send(request, (response) => {
        connection.close();
        resolve(response);
      });
    }, reject);
  });
}
