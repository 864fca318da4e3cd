import { z } from 'zod';
import { isHeaderTemplate } from './header-template.js';
import { count, duration } from './schema-parts.js';

/** Fields that say where a message or a connection ends, or that payment needs: only the gateway writes those. */
const RESERVED = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'idempotency-key',
  'www-authenticate',
]);

/** True for a field name that a seller may set or remove. */
export function isChangeable(name: string): boolean {
  const lower = name.toLowerCase();
  return !RESERVED.has(lower) && !/^(?:payment-|x-payment|farebox-)/.test(lower);
}

const fieldName = z
  .string()
  .regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}$/)
  .refine(isChangeable)
  .meta({
    allowed: 'the name of a header field that neither frames the message nor belongs to payment',
  });

const fieldValue = z.string().max(8_192).refine(isHeaderTemplate).meta({
  description: `A value; \${env:NAME} and \${file:path} in it are replaced when the gateway starts or reloads.`,
  allowed: `a text of one line, in which \${env:NAME} and \${file:path} may stand`,
});

const changes = (meaning: string) =>
  z
    .strictObject({
      set: z.record(fieldName, fieldValue).meta({ allowed: 'a mapping of names to values' }).optional(),
      remove: z.array(fieldName).max(256).meta({ allowed: 'a list of names' }).optional(),
    })
    .meta({ description: meaning, allowed: 'a mapping with set, remove' });

/** `headers` and `response_headers`, of an upstream or a route. */
export const headerKeys = {
  headers: changes(
    'Header fields of the request on its way to the upstream, such as the key that the upstream asks for.',
  ).optional(),
  response_headers: changes('Header fields of the answer on its way to the client.').optional(),
};

const upstreamUrl = z
  .string()
  .regex(/^https?:\/\/[^\s@?#]+$/)
  .refine((text) => URL.canParse(text))
  .meta({
    description: 'Where requests go: an origin, with a base path if there is one.',
    allowed: 'an http:// or https:// URL without user name, query or fragment',
    examples: ['http://127.0.0.1:9000'],
  });

/** One of `upstreams`. */
export const upstreamSchema = z
  .union([
    upstreamUrl,
    z.strictObject({
      url: upstreamUrl,
      connect_timeout: duration('How long connecting may take. Default 5s.').optional(),
      headers_timeout: duration(
        'How long the upstream may take until its header section. Default 30s.',
      ).optional(),
      idle_timeout: duration('How long its body may pause. Default 60s.').optional(),
      total_timeout: duration(
        'How long a whole exchange may take, body and all, without what a slow client makes it wait. Default: as long as it moves.',
      ).optional(),
      connections: count(1, 10_000, 'Most connections to it at a time. Default 256.').optional(),
      ca_file: z
        .string()
        .min(1)
        .meta({
          description:
            'Certificates (PEM) that are trusted for an https:// upstream, instead of the usual ones.',
          allowed: 'a path',
        })
        .optional(),
      ...headerKeys,
    }),
  ])
  .meta({
    allowed:
      'a URL, or a mapping with url, connect_timeout, headers_timeout, idle_timeout, total_timeout, connections, ca_file, headers, response_headers',
  });
