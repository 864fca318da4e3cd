import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Most requests that one connection may have sent on before the first of them is answered. Beyond it the connection ends:
 * none of them costs whoever sends them anything, and each is held here.
 */
export const pipelinedMax = 64;

const queues = new WeakMap<Socket, Set<ServerResponse>>();

/**
 * Sees to it that a response hears when its connection ends.
 *
 * Of requests that a client sends one after the other without waiting, node keeps the later responses without a socket until
 * it is their turn. When the connection ends before, node tells them nothing: no `close`, ever. A payment would be at work
 * until the process ends, and what is held for it would be held as long. Call it first, for every request; it costs a look
 * where the response has its socket.
 */
export function watchQueued(request: IncomingMessage, response: ServerResponse): void {
  if (response.socket !== null) return;
  const { socket } = request;
  const queue = queues.get(socket) ?? newQueue(socket);
  queue.add(response);
  response.once('close', () => queue.delete(response));
  if (queue.size > pipelinedMax) socket.destroy();
}

function newQueue(socket: Socket): Set<ServerResponse> {
  const queue = new Set<ServerResponse>();
  queues.set(socket, queue);
  socket.once('close', () => {
    for (const response of queue) {
      // One that has had its turn is told by node.
      if (response.socket !== null) continue;
      // Node's own verb: that of the response may say that its listener has given up.
      Reflect.apply(ServerResponse.prototype.destroy, response, []);
      response.emit('close');
    }
  });
  return queue;
}
