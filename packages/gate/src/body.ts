import type { IncomingMessage } from 'node:http';

/** Default for the largest request body that is read, so that a challenge can be bound to it. */
export const bodyBytesMaxDefault = 1_048_576;
/** Most bytes of request bodies that are held at a time, all requests together. */
export const heldBodyBytesMax = 64 * 1024 * 1024;

/** True when a request announces a body (RFC 9112 §6). */
export function hasBody(request: IncomingMessage): boolean {
  const length = request.headers['content-length'];
  return request.headers['transfer-encoding'] !== undefined || (length !== undefined && Number(length) !== 0);
}

/** Room for request bodies, shared by all requests. */
export interface BodyRoom {
  /** False when there is no room for so many more bytes. */
  take(bytes: number): boolean;
  give(bytes: number): void;
}

/** Makes the room. */
export function createBodyRoom(bytesMax = heldBodyBytesMax): BodyRoom {
  let held = 0;
  return {
    take(bytes) {
      if (held + bytes > bytesMax) return false;
      held += bytes;
      return true;
    },
    give(bytes) {
      held -= bytes;
    },
  };
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
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) {
    done({ kind: 'too-large' });
    return;
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  const finish = (read: BodyRead): void => {
    request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
    if (read.kind !== 'body') {
      room.give(bytes);
      bytes = 0;
      request.pause();
    }
    done(read);
  };
  const onData = (chunk: Buffer): void => {
    if (bytes + chunk.length > bytesMax) {
      finish({ kind: 'too-large' });
      return;
    }
    if (!room.take(chunk.length)) {
      finish({ kind: 'no-room' });
      return;
    }
    bytes += chunk.length;
    chunks.push(chunk);
  };
  const onEnd = (): void => {
    const [first] = chunks;
    finish({
      kind: 'body',
      body: chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks, bytes),
    });
  };
  const onClose = (): void => finish({ kind: 'gone' });
  request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
}
