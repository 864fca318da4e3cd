import type { Readable, Writable } from 'node:stream';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { messageBytesMax } from './limits.js';
import type { McpParts } from './parts.js';
import { createMcpServer } from './server.js';
import { createWork } from './work.js';

/** What a server on stdio talks through. */
export interface StdioStreams {
  readonly stdin: Readable;
  readonly stdout: Writable;
  /** Ends the server as the end of stdin does. */
  readonly stopped: Promise<void>;
}

/**
 * Serves one client on stdin and stdout until it goes. Resolves when the last payment that was begun has come to its end:
 * a client that dies while something is being paid loses nothing.
 */
export async function serveStdio(parts: McpParts, streams: StdioStreams): Promise<void> {
  const { stdin, stdout, stopped } = streams;
  const work = createWork();
  const server = createMcpServer(parts, work);
  const gone = new Promise<void>((resolve) => {
    stdin
      .once('end', resolve)
      .once('close', resolve)
      .once('error', () => resolve());
    // Whoever read our answers has left.
    stdout.once('error', () => resolve());
  });
  await server.connect(new StdioServerTransport(stdin, stdout, { maxBufferSize: messageBytesMax }));
  await Promise.race([gone, stopped]);
  await work.idle();
  await server.close();
}
