import pino, { type DestinationStream, type Logger } from 'pino';

export type { Logger } from 'pino';

/** What stands in the log in place of a value that opens something. */
const REDACTED = '[redacted]';

/** Fields whose values must never be written down: credentials, keys, receipts (design: invariant 7). */
const SENSITIVE = new Set([
  'authorization',
  'payment-authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
  'payment-receipt',
  'www-authenticate',
  'idempotency-key',
]);

const REDACT_PATHS = [...SENSITIVE].flatMap((name) => [
  `headers["${name}"]`,
  `*.headers["${name}"]`,
  `*["${name}"]`,
]);

/** Levels of the log, most talkative first. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Makes the log: JSON lines, sensitive fields redacted should one ever get so far. Default destination: stderr. */
export function createLogger(level: LogLevel, destination: DestinationStream = pino.destination(2)): Logger {
  return pino(
    {
      name: 'farebox',
      level,
      redact: { paths: REDACT_PATHS, censor: REDACTED },
      serializers: { error: describeError },
    },
    destination,
  );
}

/**
 * A header section for the trace log: sensitive values and everything that looks like payment are redacted here,
 * before the log sees them. What is not known to be harmless by name keeps its name and loses its value.
 */
export function loggableFields(raw: readonly string[]): Record<string, string> {
  const shown: Record<string, string> = {};
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = (raw[i] ?? '').toLowerCase();
    shown[name] = HARMLESS.has(name) ? (raw[i + 1] ?? '') : REDACTED;
  }
  return shown;
}

const HARMLESS = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'accept-payment',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'host',
  'range',
  'transfer-encoding',
  'user-agent',
]);

/** Name, code and message of an error and of what caused it. Never its own properties, which may hold anything. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return typeof error;
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  const cause = error.cause === undefined ? {} : { cause: describeError(error.cause) };
  return { type: error.name, ...code, message: error.message, stack: error.stack, ...cause };
}
