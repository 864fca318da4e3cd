import { type AddressInfo, createServer, type Socket } from 'node:net';

/** One request as it came over the wire. */
export interface Recorded {
  /** `GET /free/x HTTP/1.1`. */
  readonly line: string;
  /** Names in lower case. */
  readonly fields: readonly (readonly [name: string, value: string])[];
}

const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nserved';
const none = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n';

/**
 * An upstream without an HTTP library: it reads requests off the wire in the plainest way there is and writes each down.
 * Whatever the gateway lets through as a request of its own appears here as one.
 */
export class RecordingUpstream {
  readonly seen: Recorded[] = [];
  /** Bytes that belonged to no request. */
  readonly rests: string[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((socket) => this.#serve(socket));

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    // A TCP server that listens has an AddressInfo.
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    let text = '';
    socket.setEncoding('latin1').on('data', (part: string) => {
      text += part;
      for (let end = endOfRequest(text); end !== undefined; end = endOfRequest(text)) {
        const request = read(text.slice(0, text.indexOf('\r\n\r\n')));
        text = text.slice(end);
        this.seen.push(request);
        socket.write(request.line.startsWith('HEAD ') ? none : answer);
      }
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      if (text !== '') this.rests.push(text);
    });
  }
}

/** Where the first request ends; undefined while it is not whole. */
function endOfRequest(text: string): number | undefined {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd === -1) return undefined;
  const bodyStart = headEnd + 4;
  const { fields } = read(text.slice(0, headEnd));
  const fieldOf = (wanted: string) => fields.find(([name]) => name === wanted)?.[1];
  if (fieldOf('transfer-encoding') !== undefined) return endOfChunks(text, bodyStart);
  const end = bodyStart + Number(fieldOf('content-length') ?? 0);
  return text.length < end ? undefined : end;
}

/** The gateway writes chunks without extensions and trailers; whatever else comes is not a chunk, and never ends. */
function endOfChunks(text: string, start: number): number | undefined {
  for (let at = start; ; ) {
    const size = /^([0-9a-f]+)\r\n/i.exec(text.slice(at, at + 18));
    if (size === null) return undefined;
    const bytes = Number.parseInt(size[1] ?? '', 16);
    const end = at + size[0].length + bytes;
    if (text.slice(end, end + 2) !== '\r\n') return undefined;
    if (bytes === 0) return end + 2;
    at = end + 2;
  }
}

function read(head: string): Recorded {
  const [line = '', ...rest] = head.split('\r\n');
  const fields = rest.map((field): [string, string] => {
    const colon = field.indexOf(':');
    return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()];
  });
  return { line, fields };
}
