import { readFile } from 'node:fs/promises';

const cookieBytesMax = 4096;

/** How to prove to the node who is asking. Without any of them the request goes without `Authorization`. */
export interface RpcCredentials {
  /** The user of HTTP Basic authentication (`rpcauth`, `rpcuser`). */
  user?: string;
  /** The password of HTTP Basic authentication. */
  password?: string;
  /** A bearer token, instead of user and password. */
  token?: string;
  /** The path of Bitcoin Core's `.cookie` file. It is read for every call, because the node writes a new one at every start. */
  cookieFile?: string;
}

/**
 * Makes the `Authorization` field value for one call.
 *
 * @returns the value, or `undefined` when no credentials are set or the cookie file cannot be read now
 */
export async function authorizationOf(credentials: RpcCredentials): Promise<string | undefined> {
  if (credentials.token !== undefined) return `Bearer ${credentials.token}`;
  if (credentials.cookieFile !== undefined) {
    const cookie = await readFile(credentials.cookieFile, 'utf8').catch(() => undefined);
    if (cookie === undefined || cookie.length > cookieBytesMax) return undefined;
    return basic(cookie.trim());
  }
  if (credentials.password === undefined) return undefined;
  return basic(`${credentials.user ?? ''}:${credentials.password}`);
}

function basic(pair: string): string {
  return `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`;
}
