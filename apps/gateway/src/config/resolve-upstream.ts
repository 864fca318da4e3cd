import {
  connectionsDefault,
  connectTimeoutMsDefault,
  type HeaderChangesConfig,
  type HeaderTemplate,
  headersTimeoutMsDefault,
  idleTimeoutMsDefault,
  type TlsConfig,
  type UpstreamConfig,
} from './config.js';
import { parseDuration } from './duration.js';
import { parseHeaderTemplate } from './header-template.js';
import type { Absolute } from './resolve-methods.js';
import type { ConfigInput } from './schema.js';

/** One upstream, with its defaults. */
export function resolveUpstream(
  name: string,
  value: ConfigInput['upstreams'][string],
  absolute: Absolute,
): UpstreamConfig {
  const given = typeof value === 'string' ? { url: value } : value;
  const url = new URL(given.url);
  return {
    name,
    origin: url.origin,
    basePath: url.pathname.replace(/\/+$/, ''),
    connectTimeoutMs: millis(given.connect_timeout, connectTimeoutMsDefault),
    headersTimeoutMs: millis(given.headers_timeout, headersTimeoutMsDefault),
    idleTimeoutMs: millis(given.idle_timeout, idleTimeoutMsDefault),
    totalTimeoutMs: millis(given.total_timeout, Number.POSITIVE_INFINITY),
    connections: given.connections ?? connectionsDefault,
    caFile: given.ca_file === undefined ? undefined : absolute(given.ca_file),
    headers: resolveHeaders(given.headers, absolute),
    responseHeaders: resolveHeaders(given.response_headers, absolute),
  };
}

type ChangesInput = {
  readonly set?: Record<string, string> | undefined;
  readonly remove?: string[] | undefined;
};

/** Changes of header fields, with the files that their values come from made absolute. */
export function resolveHeaders(input: ChangesInput | undefined, absolute: Absolute): HeaderChangesConfig {
  const set = Object.entries(input?.set ?? {}).map(([name, text]): HeaderTemplate => {
    const parts = (parseHeaderTemplate(text) ?? []).map((part) =>
      part.kind === 'file' ? { kind: part.kind, path: absolute(part.path) } : part,
    );
    return { name, parts };
  });
  return { set, remove: input?.remove ?? [] };
}

/** TLS for clients; undefined: plain HTTP. */
export function resolveTls(input: ConfigInput, absolute: Absolute): TlsConfig | undefined {
  if (input.tls === undefined) return undefined;
  const { cert_file: certFile, key_file: keyFile, min_version: minVersion = '1.2' } = input.tls;
  return { certFile: absolute(certFile), keyFile: absolute(keyFile), minVersion: `TLSv${minVersion}` };
}

function millis(text: string | undefined, otherwise: number): number {
  return text === undefined ? otherwise : (parseDuration(text) ?? otherwise);
}
