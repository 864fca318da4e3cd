import type { UpstreamConfig } from '../../config/config.js';

/** An upstream's configuration for tests: patient, but for what is given. */
export function upstreamConfig(origin: string, given: Partial<UpstreamConfig> = {}): UpstreamConfig {
  return {
    name: 'test',
    origin,
    basePath: '',
    connectTimeoutMs: 30_000,
    headersTimeoutMs: 30_000,
    idleTimeoutMs: 30_000,
    totalTimeoutMs: Number.POSITIVE_INFINITY,
    connections: 8,
    caFile: undefined,
    headers: { set: [], remove: [] },
    responseHeaders: { set: [], remove: [] },
    ...given,
  };
}
