/** The bytes of a GET. */
export function writeRequest(path: string, credential?: string): Buffer {
  const lines = [`GET ${path} HTTP/1.1`, 'Host: api.example.com', 'Accept: */*', 'User-Agent: farebox-bench'];
  if (credential !== undefined) lines.push(`Authorization: ${credential}`);
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

/** Prepared requests, handed out in turn. */
export interface Requests {
  /** Undefined when there are no more. */
  next(): Buffer | undefined;
}

/** The same requests over and over. */
export function ring(requests: readonly Buffer[]): Requests {
  let at = 0;
  return {
    next() {
      if (at === requests.length) at = 0;
      return requests[at++];
    },
  };
}

/** Each request once. */
export class Once implements Requests {
  readonly #requests: readonly Buffer[];
  #at = 0;

  constructor(requests: readonly Buffer[]) {
    this.#requests = requests;
  }

  next(): Buffer | undefined {
    return this.#requests[this.#at++];
  }

  /** Begins anew, for a server that has seen none of them. */
  rewind(): void {
    this.#at = 0;
  }
}
