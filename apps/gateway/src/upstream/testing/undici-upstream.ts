import { Pool } from 'undici';
import type { UpstreamConfig } from '../../config/config.js';
import { upstreamKeepAliveMs } from '../connection.js';
import type { Abort, Upstream, UpstreamRequest, UpstreamSink } from '../upstream.js';

/** Thrown into undici to stop an exchange. One for all: a stack trace for each would be dear. */
const stopped = new Error('The exchange was stopped by the gateway.');

type LegacyHandler = Pick<
  Parameters<Pool['dispatch']>[1],
  'onConnect' | 'onHeaders' | 'onData' | 'onComplete' | 'onError'
>;

/**
 * Undici's low-level handler: it gives raw header buffers and takes a boolean for back-pressure, which the newer
 * handler interface wraps at a price.
 */
class SinkHandler implements LegacyHandler {
  readonly #sink: UpstreamSink;
  #abort: ((error?: Error) => void) | undefined;
  #over = false;

  constructor(sink: UpstreamSink) {
    this.#sink = sink;
  }

  /** Stops the exchange; silent from here on. */
  stop(): void {
    if (this.#over) return;
    this.#over = true;
    this.#abort?.(stopped);
  }

  onConnect(abort: (error?: Error) => void): void {
    this.#abort = abort;
    if (this.#over) abort(stopped);
    else this.#sink.sending();
  }

  onHeaders(status: number, raw: Buffer[], resume: () => void): boolean {
    if (status < 200 || this.#over) return true;
    const headers = new Array<string>(raw.length);
    for (let i = 0; i < raw.length; i++) headers[i] = raw[i]?.toString('latin1') ?? '';
    return this.#sink.head(status, headers, resume);
  }

  onData(chunk: Buffer): boolean {
    return this.#over ? true : this.#sink.data(chunk);
  }

  onComplete(): void {
    if (this.#over) return;
    this.#over = true;
    this.#sink.end();
  }

  onError(error: Error): void {
    if (this.#over) return;
    this.#over = true;
    this.#sink.fail(error);
  }
}

/** The oracle: an upstream over undici, which reads answers with the parser that Node's own client has. */
export function createUndiciUpstream(config: UpstreamConfig): Upstream {
  const options = {
    connections: config.connections,
    connect: { timeout: config.connectTimeoutMs },
    headersTimeout: config.headersTimeoutMs,
    bodyTimeout: config.idleTimeoutMs,
    keepAliveTimeout: upstreamKeepAliveMs,
  };
  const pool = new Pool(config.origin, { ...options, pipelining: 1 });
  // Pipelining 0 is undici's word for "no connection is used twice".
  let freshPool: Pool | undefined;
  return {
    host: config.origin.slice(config.origin.indexOf('://') + 3),
    send(request: UpstreamRequest, sink: UpstreamSink): Abort {
      const handler = new SinkHandler(sink);
      if (request.fresh) freshPool ??= new Pool(config.origin, { ...options, pipelining: 0 });
      const { target: path, method, headers, body } = request;
      (request.fresh ? (freshPool ?? pool) : pool).dispatch({ path, method, headers, body }, handler);
      return () => handler.stop();
    },
    async close() {
      await Promise.all([pool.destroy(), freshPool?.destroy()]);
    },
  };
}
