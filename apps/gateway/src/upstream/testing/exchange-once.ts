import type { Upstream, UpstreamRequest, UpstreamSink } from '../upstream.js';

/** What became of one exchange. */
export type Outcome =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly fields: readonly string[];
      readonly body: string;
    }
  | {
      readonly kind: 'failed';
      readonly code: string;
      readonly message: string;
      /** `sending` was heard before: the request may have been executed. */
      readonly sent: boolean;
      /** What had been heard of the body, undefined before the header section. */
      readonly begun: string | undefined;
    };

/** A plain GET, but for what is given. */
export function get(given: Partial<UpstreamRequest> = {}): UpstreamRequest {
  return { method: 'GET', target: '/', headers: ['Host', 'a.test'], body: null, fresh: false, ...given };
}

/** A sink that asserts the order of what it hears, and keeps it. */
export class Recorder implements UpstreamSink {
  readonly outcome: Promise<Outcome>;
  #settle: (outcome: Outcome) => void = () => {};
  sent = false;
  over = false;
  status = 0;
  fields: readonly string[] = [];
  readonly chunks: Buffer[] = [];
  resume: () => void = () => {};
  #paused = false;
  /** What `head` and `data` return. */
  wants = true;
  /** Called whenever something was heard. */
  heard: () => void = () => {};

  constructor() {
    this.outcome = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  get body(): string {
    return Buffer.concat(this.chunks).toString('latin1');
  }

  get bodyBytes(): number {
    return this.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  sending(): void {
    if (this.over || this.sent) throw new Error('sending was told out of order');
    this.sent = true;
    this.heard();
  }

  head(status: number, fields: readonly string[], resume: () => void): boolean {
    if (this.over || !this.sent || this.status !== 0) throw new Error('head was told out of order');
    this.status = status;
    this.fields = fields;
    this.resume = () => {
      this.#paused = false;
      resume();
    };
    this.#paused = !this.wants;
    this.heard();
    return this.wants;
  }

  data(chunk: Buffer): boolean {
    if (this.over || this.#paused || this.status === 0 || chunk.length === 0)
      throw new Error('data was told out of order');
    this.chunks.push(chunk);
    this.#paused = !this.wants;
    this.heard();
    return this.wants;
  }

  end(): void {
    if (this.over || this.#paused || this.status === 0) throw new Error('end was told out of order');
    this.over = true;
    this.#settle({ kind: 'answer', status: this.status, fields: this.fields, body: this.body });
    this.heard();
  }

  fail(error: Error): void {
    if (this.over) throw new Error('fail was told out of order');
    this.over = true;
    this.#settle({
      kind: 'failed',
      code: 'code' in error ? String(error.code) : '',
      message: error.message,
      sent: this.sent,
      begun: this.status === 0 ? undefined : this.body,
    });
    this.heard();
  }
}

/** Sends one request and waits for what becomes of it. */
export function exchangeOnce(upstream: Upstream, request: UpstreamRequest = get()): Promise<Outcome> {
  const recorder = new Recorder();
  upstream.send(request, recorder);
  return recorder.outcome;
}
