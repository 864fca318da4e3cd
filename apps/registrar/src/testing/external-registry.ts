import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An external registrar on loopback that keeps what it was asked, by key, and can go quiet after it has acted. */
export interface ExternalRegistry {
  readonly url: string;
  /** Names that it has registered, each with the key of its order. */
  readonly registered: ReadonlyMap<string, string>;
  /** Orders that it carried out, not counting those that were asked for again. */
  readonly acted: number;
  /**
   * How it answers from now on. `quiet`: it acts, and the connection ends without an answer; `busy`: it says of whatever it is
   * asked that a request with this key is still at work (409).
   */
  mode: 'well' | 'quiet' | 'busy' | 'refuses';
  close(): Promise<void>;
}

/** Starts one. */
export async function startExternalRegistry(): Promise<ExternalRegistry> {
  const keys = new Set<string>();
  const registered = new Map<string, string>();
  const state = { mode: 'well' as ExternalRegistry['mode'], acted: 0 };
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    request.on('end', () => {
      const key = String(request.headers['idempotency-key']);
      const { domain, kind } = JSON.parse(text);
      if (state.mode === 'refuses' || state.mode === 'busy') {
        response.writeHead(state.mode === 'busy' ? 409 : 422).end();
        return;
      }
      if (!keys.has(key)) {
        keys.add(key);
        state.acted += 1;
        if (kind === 'register') registered.set(domain, key);
      }
      if (state.mode === 'quiet') response.destroy();
      else response.writeHead(200).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on TCP
  return {
    url: `http://127.0.0.1:${port}/orders`,
    registered,
    get acted() {
      return state.acted;
    },
    get mode() {
      return state.mode;
    },
    set mode(mode) {
      state.mode = mode;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
