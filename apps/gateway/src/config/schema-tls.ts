import { z } from 'zod';
import { LISTEN_PATTERN, parseListen } from './listen.js';

const path = (meaning: string) => z.string().min(1).meta({ description: meaning, allowed: 'a path' });

/** How clients connect, and how the gateway is watched. */
export const frontKeys = {
  tls: z
    .strictObject({
      cert_file: path('The certificate with its chain, PEM.'),
      key_file: path('Its private key, PEM.'),
      min_version: z
        .enum(['1.2', '1.3'])
        .meta({ description: 'Least version of TLS. Default 1.2.', allowed: '"1.2" or "1.3"' })
        .optional(),
    })
    .meta({
      description: 'Serve https. The files are read again when the configuration is reloaded.',
      allowed: 'a mapping with cert_file, key_file, min_version',
    })
    .optional(),
  forwarded: z
    .enum(['x-forwarded', 'forwarded', 'both', 'none'])
    .meta({
      description:
        'How upstreams are told where a request came from: X-Forwarded-For, -Proto and -Host (default), Forwarded (RFC 7239), both, or none.',
      allowed: 'x-forwarded, forwarded, both or none',
    })
    .optional(),
  metrics: z
    .strictObject({
      listen: z
        .string()
        .regex(LISTEN_PATTERN)
        .refine((text) => parseListen(text) !== undefined)
        .meta({
          description: 'Host and port of a listener of its own.',
          allowed: 'host:port',
          examples: ['127.0.0.1:9402'],
        }),
    })
    .meta({
      description: 'Prometheus metrics at GET /metrics, on a listener of their own.',
      allowed: 'a mapping with listen',
    })
    .optional(),
};
