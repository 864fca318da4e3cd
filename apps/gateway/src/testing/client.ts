import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';

/** How to ask. */
export interface Ask {
  readonly method?: string;
  /** Flat list. */
  readonly headers?: readonly string[];
  readonly body?: Buffer | string;
}

/** A complete answer. */
export interface Reply {
  readonly status: number;
  readonly raw: readonly string[];
  readonly body: Buffer;
  /** All values of a field. */
  fields(name: string): string[];
  /** The first value. */
  field(name: string): string | undefined;
  json(): Record<string, unknown>;
}

/** Asks over a connection of its own, with the target exactly as given. Rejects when the answer breaks off. */
export function ask(port: number, path: string, options: Ask = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    open(port, path, options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve(reply(response, Buffer.concat(chunks))));
    }).on('error', reject);
  });
}

/** Sends a request and hands over the answer as it begins. */
export function open(
  port: number,
  path: string,
  options: Ask,
  onResponse: (response: IncomingMessage) => void,
) {
  const { method = 'GET', body } = options;
  const headers = ['Host', `127.0.0.1:${port}`, ...(options.headers ?? [])];
  const chunked = headers.some((name, i) => i % 2 === 0 && name.toLowerCase() === 'transfer-encoding');
  if (body !== undefined && !chunked) headers.push('Content-Length', String(Buffer.byteLength(body)));
  const request = httpRequest({ host: '127.0.0.1', port, path, method, headers, agent: false }, onResponse);
  request.end(body);
  return request;
}

function reply(response: IncomingMessage, body: Buffer): Reply {
  const raw = response.rawHeaders;
  const fields = (name: string): string[] =>
    raw.filter((_, i) => i % 2 === 1 && raw[i - 1]?.toLowerCase() === name.toLowerCase());
  return {
    status: response.statusCode ?? 0,
    raw,
    body,
    fields,
    field: (name) => fields(name)[0],
    json: () => JSON.parse(body.toString()),
  };
}

/** Sends bytes as they are and resolves with everything that comes back until the other side closes. */
export function exchangeRaw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
    let text = '';
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
  });
}

/** Sends bytes and leaves the connection open. */
export function openRaw(port: number, bytes: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(bytes, 'latin1', () => resolve(socket));
    });
    socket.on('error', reject);
  });
}
