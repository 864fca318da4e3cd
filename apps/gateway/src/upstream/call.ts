import { Readable } from 'node:stream';
import type { Connection } from './connection.js';
import type { UpstreamRequest, UpstreamSink } from './upstream.js';

/**
 * waiting   in the queue, or on a connection that it has not been written to yet: certainly not executed
 * sent      put on a connection
 * over      answered, failed or stopped: the sink hears nothing more
 */
export type CallState = 'waiting' | 'sent' | 'over';

/** One request on its way to an upstream, and who hears the answer. */
export class Call {
  readonly request: UpstreamRequest;
  /** The header section, ready to be written. */
  readonly head: string;
  readonly sink: UpstreamSink;
  state: CallState = 'waiting';
  connection: Connection | undefined;
  /** When it joined the queue, `performance.now()`. */
  queuedMs = 0;
  /** Neighbours in the queue; only that writes them. */
  before: Call | undefined;
  after: Call | undefined;

  constructor(request: UpstreamRequest, head: string, sink: UpstreamSink) {
    this.request = request;
    this.head = head;
    this.sink = sink;
  }

  /** Ends the call without a word. A body that was being sent is not wanted any more. */
  close(): void {
    this.state = 'over';
    this.connection = undefined;
    const { body } = this.request;
    if (body instanceof Readable) body.destroy();
  }

  /** Ends the call with an error. */
  fail(error: Error): void {
    if (this.state === 'over') return;
    this.close();
    this.sink.fail(error);
  }
}
