import { createServer } from 'node:net';

/** Ports that no system gives out by itself: whoever listens on port 0 or connects gets a higher one. */
const [lowest, count] = [20_000, 10_000];

/**
 * A port of the loopback address that is free, and that nobody gets by chance while it is free: for what stops listening
 * and wants to be found at the same place again.
 */
export async function quietPort(): Promise<number> {
  for (;;) {
    const port = lowest + Math.floor(Math.random() * count);
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!free) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}
