import type { Duplex } from 'node:stream';

const sockets: (Duplex | null)[] = [];
const afterwards: ((() => void) | undefined)[] = [];

/**
 * Holds back what is written to a socket until the end of this turn of the event loop, so that the writes of one turn go
 * to the kernel one after the other. Whoever reads them is then woken once for many, and the code that makes answers is
 * not interrupted by a system call for each: under load this halves what an answer costs. A lone answer waits for no one.
 *
 * @param socket null: the client has gone, or waits for an earlier answer on the same connection; nothing is held back
 * @param then called when everything has been written
 */
export function writeAtTurnEnd(socket: Duplex | null, then?: () => void): void {
  if (sockets.length === 0) setImmediate(endTurn);
  socket?.cork();
  sockets.push(socket);
  afterwards.push(then);
}

function endTurn(): void {
  // What is held back from here on is of the next turn.
  const [held, calls] = [sockets.splice(0), afterwards.splice(0)];
  for (const socket of held) socket?.uncork();
  for (const then of calls) then?.();
}
