import type { ServerResponse } from 'node:http';

/** Longest body, in bytes, that leaves in one string with its header section: node writes that from the stack. */
const oneStringBytesMax = 12 * 1024;

/**
 * Ends a response whose header section has been given to `writeHead` and whose whole body is here. Node adds an empty
 * write to a body that comes with `end`, and hands both, or all three, to the kernel by the dear way for several; so the
 * body is written together with its header section, and the end is said once they have left.
 */
export function endWhole(response: ServerResponse, body: string | Buffer): void {
  if (body.length === 0 || body.length > oneStringBytesMax) {
    response.end(body);
    return;
  }
  // Latin-1 gives each byte back as it was, and is what node writes header sections in.
  if (typeof body === 'string') response.write(body, 'utf8');
  else response.write(body.toString('latin1'), 'latin1');
  process.nextTick(end, response);
}

function end(response: ServerResponse): void {
  response.end();
}
