import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { Call } from './call.js';
import { type BodyListener, RequestBody } from './request-body.js';
import { announcedBytes } from './request-head.js';

/** Largest body, in bytes, that is written together with its header section, in one piece. */
export const joinedBodyBytesMax = 16 * 1024;

/** Writes a request. Returns what is still being sent of it, if its body is a stream. */
export function writeRequest(call: Call, socket: Socket, listener: BodyListener): RequestBody | undefined {
  const { head, request } = call;
  const { body } = request;
  if (body === null) {
    socket.write(head, 'latin1');
  } else if (body instanceof Readable) {
    socket.write(head, 'latin1');
    return new RequestBody(body, announcedBytes(request), socket, listener);
  } else if (body.length <= joinedBodyBytesMax) {
    // One string, one write: Latin-1 gives each byte back as it was.
    socket.write(head + body.toString('latin1'), 'latin1');
  } else {
    socket.cork();
    socket.write(head, 'latin1');
    socket.write(body);
    socket.uncork();
  }
  return undefined;
}
