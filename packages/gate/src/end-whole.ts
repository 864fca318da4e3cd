import type { ServerResponse } from 'node:http';
import { writeAtTurnEnd } from './turn-end.js';

/** Longest body, in bytes, that leaves in one string with its header section: node writes that from the stack. */
const oneStringBytesMax = 12 * 1024;

/**
 * Ends a response whose header section has been given to `writeHead` and whose whole body is here. Node adds an empty
 * write to a body that comes with `end`, and hands both, or all three, to the kernel by the dear way for several; so the
 * body is written together with its header section, and the end is said once they have left.
 */
export function endWhole(response: ServerResponse, body: string | Buffer): void {
  if (!fitsOneString(body)) {
    response.end(body);
    return;
  }
  writeOneString(response, body);
  process.nextTick(end, response);
}

/** As {@link endWhole}, with all other answers of this turn ({@link writeAtTurnEnd}). */
export function endAtTurnEnd(response: ServerResponse, body: string | Buffer): void {
  if (!fitsOneString(body)) {
    response.end(body);
    return;
  }
  writeAtTurnEnd(response.socket, () => response.end());
  writeOneString(response, body);
}

function fitsOneString(body: string | Buffer): boolean {
  return body.length > 0 && body.length <= oneStringBytesMax;
}

function writeOneString(response: ServerResponse, body: string | Buffer): void {
  // Latin-1 gives each byte back as it was, and is what node writes header sections in.
  if (typeof body === 'string') response.write(body, 'utf8');
  else response.write(body.toString('latin1'), 'latin1');
}

function end(response: ServerResponse): void {
  response.end();
}
