import { connect, type Socket } from 'node:net';
import { ResponseReader, type ResponseSeen } from './response-reader.js';

/** Bytes of each connection's own read buffer. */
const readBytes = 16_384;

/** One keep-alive connection with one request on the way at a time. */
export interface Connection {
  /** Sends a prepared request and gives the answer to `answered`. */
  send(request: Buffer, answered: (response: ResponseSeen) => void): void;
  close(): void;
}

/**
 * Connects to a server on loopback.
 *
 * @param lost told once when the connection ends, fails or speaks no HTTP/1.1 before `close`.
 */
export function openConnection(port: number, lost: (error: Error) => void): Promise<Connection> {
  return new Promise((resolve, reject) => {
    let answered: ((response: ResponseSeen) => void) | undefined;
    let closed = false;
    const fail = (error: Error): void => {
      if (closed) return;
      closed = true;
      socket.destroy();
      lost(error);
    };
    const reader = new ResponseReader((response) => {
      const tell = answered;
      answered = undefined;
      if (tell === undefined) fail(new Error('The server answered without having been asked.'));
      else tell(response);
    });
    const socket: Socket = connect({
      host: '127.0.0.1',
      port,
      noDelay: true,
      // One buffer for the connection's life: a fresh one for every read costs more than reading.
      onread: {
        buffer: Buffer.allocUnsafeSlow(readBytes),
        callback(length, buffer) {
          try {
            reader.push(Buffer.from(buffer.buffer, buffer.byteOffset, length));
          } catch (error) {
            fail(error instanceof Error ? error : new Error(String(error)));
          }
          return true;
        },
      },
    });
    socket.once('connect', () => {
      resolve({
        send(request, tell) {
          answered = tell;
          socket.write(request);
        },
        close() {
          closed = true;
          socket.destroy();
        },
      });
    });
    socket.on('error', (error) => {
      reject(error);
      fail(error);
    });
    socket.on('close', () => fail(new Error('The server closed a keep-alive connection.')));
  });
}
