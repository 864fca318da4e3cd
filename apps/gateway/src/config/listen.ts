/** Where the gateway listens. */
export interface ListenAddress {
  /** A host name or an IP address; an IPv6 address without its brackets. */
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
}

/** How an address is written: `127.0.0.1:8402`, `localhost:0`, `[::1]:8402`. */
export const LISTEN_PATTERN = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):[0-9]{1,5}$/;

/**
 * Reads `host:port`.
 *
 * @returns undefined when it is not one, or the port is above 65535.
 */
export function parseListen(text: string): ListenAddress | undefined {
  if (!LISTEN_PATTERN.test(text)) return undefined;
  const colon = text.lastIndexOf(':');
  const port = Number.parseInt(text.slice(colon + 1), 10);
  if (port > 65_535) return undefined;
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port };
}

/** True for an origin, a host or an address that only this machine can reach. */
export function isLoopback(text: string): boolean {
  let host = text;
  try {
    if (text.includes('://')) host = new URL(text).hostname;
  } catch {
    return false;
  }
  host = host.replace(/^\[|\]$/g, '').toLowerCase();
  return (
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    host === '::1' ||
    /^127(?:\.[0-9]{1,3}){3}$/.test(host)
  );
}
