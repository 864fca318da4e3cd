/** How an exchange with a client went on, for the checks and for the client. */
export interface ConnectionHost {
  readonly later: (name: string, run: () => void) => void;
  /** The first byte leaves. */
  readonly begun: (body: string) => void;
  /** It is over: with a whole answer, or cut. */
  readonly over: (complete: boolean) => void;
  /** The client has left. */
  readonly left: () => void;
}

/** One client's connection, from the server's side: what `ServerResponse` is to the gateway. */
export class Connection {
  readonly #host: ConnectionHost;
  /** The server's own listener. */
  onClose: () => void = () => {};
  status = 0;
  headers: readonly string[] = [];
  body = '';
  /** The answer has left completely. */
  finished = false;
  closed = false;
  #ending = false;
  readonly #cutsAnswers: boolean;

  /** @param cutsAnswers the client leaves on purpose as soon as a 2xx begins */
  constructor(host: ConnectionHost, cutsAnswers: boolean) {
    this.#host = host;
    this.#cutsAnswers = cutsAnswers;
  }

  get begun(): boolean {
    return this.status !== 0;
  }

  /** The header section, and what is known of the body. */
  begin(status: number, headers: readonly string[], body = ''): void {
    if (this.closed || this.begun) return;
    this.status = status;
    this.headers = headers;
    this.body = body;
    this.#host.begun(body);
    if (this.#cutsAnswers && status < 300) this.#host.later('client cuts on purpose', () => this.leave());
  }

  /** The last byte is written; that it leaves is another step. */
  end(): void {
    if (this.closed || this.#ending) return;
    this.#ending = true;
    this.#host.later('client receives all', () => {
      if (this.closed) return;
      this.finished = true;
      this.closed = true;
      this.#host.over(true);
      this.onClose();
    });
  }

  /** A whole answer in one go. */
  send(status: number, headers: readonly string[], body: string): void {
    if (this.closed || this.begun) return;
    this.begin(status, headers, body);
    this.end();
  }

  /** The client drops the connection. */
  leave(): void {
    if (!this.closed) this.#host.left();
    this.cut();
  }

  /** The connection is dropped. */
  cut(): void {
    if (this.closed) return;
    this.closed = true;
    this.#host.over(false);
    this.onClose();
  }

  /** The server's process has died: the client sees a cut, nobody else sees anything. */
  lose(): void {
    this.onClose = () => {};
    this.cut();
  }
}
