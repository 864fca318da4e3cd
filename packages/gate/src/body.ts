import type { IncomingMessage } from 'node:http';
import type { BodyRoom } from './body-room.js';
import { ByteGatherer } from './byte-gatherer.js';

/** Default for the largest request body that is read, so that a challenge can be bound to it. */
export const bodyBytesMaxDefault = 1_048_576;

/** True when a request announces a body (RFC 9112 §6). */
export function hasBody(request: IncomingMessage): boolean {
  const length = request.headers['content-length'];
  return request.headers['transfer-encoding'] !== undefined || (length !== undefined && Number(length) !== 0);
}

/** How reading a body ended. `gone`: the client left. */
export type BodyRead =
  | { readonly kind: 'body'; readonly body: Buffer }
  | { readonly kind: 'too-large' | 'no-room' | 'gone' };

/**
 * Reads a request's whole body: its digest is bound to the payment, and it must be there to be sent again. The bytes
 * stay taken from `room` until the caller gives them back; on any other outcome nothing is taken.
 */
export function readBody(
  request: IncomingMessage,
  bytesMax: number,
  room: BodyRoom,
  done: (read: BodyRead) => void,
): void {
  const announced = Number(request.headers['content-length'] ?? bytesMax);
  if (announced > bytesMax) {
    done({ kind: 'too-large' });
    return;
  }
  const gathered = new ByteGatherer(announced);
  let taken = 0;
  const finish = (read: BodyRead): void => {
    request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
    // Of a whole body its length stays taken, and no more: a piece that is being filled has some beside it.
    room.give(read.kind === 'body' ? taken - read.body.length : taken);
    if (read.kind !== 'body') {
      gathered.clear();
      request.pause();
    }
    done(read);
  };
  const onData = (chunk: Buffer): void => {
    if (gathered.length + chunk.length > bytesMax) {
      finish({ kind: 'too-large' });
      return;
    }
    const more = gathered.add(chunk);
    if (room.take(more)) taken += more;
    else finish({ kind: 'no-room' });
  };
  const onEnd = (): void => finish({ kind: 'body', body: gathered.whole() });
  const onClose = (): void => finish({ kind: 'gone' });
  request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
}
