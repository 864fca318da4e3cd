import type { ServerResponse } from 'node:http';

/**
 * Puts off `socket.destroy()` while a whole answer waits for its payment to be recorded: Express ends a connection that way
 * when a handler throws after it has answered, and with node alone the answer would have left by then. What says why
 * (an error), comes from the response itself, which would then write nothing, or once the connection is ending, is not put off.
 *
 * @returns to be called when the answer has been handed to node; what was put off follows when it has left
 */
export function spareConnection(response: ServerResponse): () => void {
  const { socket } = response;
  if (socket === null) return () => {};
  let wanted = false;
  const spare: typeof socket.destroy = (error) => {
    if (error === undefined && !response.destroyed && !socket.writableEnded && !socket.readableEnded)
      wanted = true;
    else end().destroy(error);
    return socket;
  };
  const end = () => {
    // Only what is ours: the socket's own verb is its prototype's.
    if (socket.destroy === spare) Reflect.deleteProperty(socket, 'destroy');
    return socket;
  };
  socket.destroy = spare;
  return () => {
    end();
    if (!wanted) return;
    if (response.writableFinished) socket.destroy();
    else response.once('finish', () => socket.destroy());
  };
}
