import { createServer } from 'node:net';

/**
 * A port of 127.0.0.1 that a process is told to listen on, perhaps in several of its lives: below the range from which the
 * system gives ports to outgoing connections, so that nobody takes it before the process has begun or while it is dead.
 */
export async function freePort(): Promise<number> {
  const [low, high] = [20_000, 30_000];
  for (;;) {
    const port = low + Math.floor(Math.random() * (high - low));
    const free = await new Promise<boolean>((resolve) => {
      const probe = createServer();
      probe.once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
    if (free) return port;
  }
}
