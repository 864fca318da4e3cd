import type { DomainDirectory } from '../directory.js';
import type { ZoneSettings } from '../zone/settings.js';
import { createZones } from '../zone/zones.js';
import { defaultResponseRate, ResponseLimiter, type ResponseRate } from './rate-limit.js';
import { createResponder } from './responder.js';
import { defaultTcpBounds, serveTcp, type TcpBounds } from './tcp.js';
import { serveUdp } from './udp.js';

/** How the server is started. */
export interface DnsServerOptions {
  readonly directory: DomainDirectory;
  readonly settings: ZoneSettings;
  /** Where to listen, an address: `127.0.0.1`, `0.0.0.0`, `::`. */
  readonly host: string;
  /** The port, for UDP and TCP. 0 takes a free one. */
  readonly port: number;
  readonly rate?: ResponseRate;
  readonly tcp?: Partial<TcpBounds>;
  /** Milliseconds since any fixed moment; the response rate is counted with it. */
  readonly now?: () => number;
  /** Hears of errors of the directory and of the sockets. They hold no secret. */
  readonly onError?: (error: unknown) => void;
}

/** A running DNS server. */
export interface DnsServer {
  readonly host: string;
  readonly port: number;
  /** Stops both sides; open connections are cut. */
  close(): Promise<void>;
}

/** With port 0 a port must be free for UDP and TCP alike; so often it is tried. */
const freePortTries = 10;

/**
 * Starts the authoritative DNS server for the directory's namespaces, over UDP and TCP on the same port. Rejects where the
 * address cannot be had: port 53 needs a right of its own (CAP_NET_BIND_SERVICE on Linux).
 */
export async function startDnsServer(options: DnsServerOptions): Promise<DnsServer> {
  const { host, directory, settings } = options;
  const onError = options.onError ?? (() => {});
  const respond = createResponder(createZones(directory, settings), onError);
  const bounds = { ...defaultTcpBounds, ...options.tcp };
  for (let tries = 1; ; tries += 1) {
    const tcp = await serveTcp({ host, port: options.port, respond, bounds, onError });
    const address = tcp.server.address();
    const port = typeof address === 'object' && address !== null ? address.port : options.port;
    const limiter = new ResponseLimiter(options.rate ?? defaultResponseRate);
    const now = options.now ?? Date.now;
    try {
      const udp = await serveUdp({ host, port, respond, limiter, now, onError });
      return {
        host,
        port,
        async close() {
          await Promise.all([tcp.close(), new Promise<void>((resolve) => udp.close(resolve))]);
        },
      };
    } catch (error) {
      await tcp.close();
      if (options.port !== 0 || tries >= freePortTries) throw error;
    }
  }
}
