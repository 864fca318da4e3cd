import { z } from 'zod';
import type { PayableRequest } from '../request.js';
import { placeToFillIn } from '../url-template.js';
import { argumentCharsMax, argumentHeadersMax } from './limits.js';
import type { McpParts } from './parts.js';
import { ToolRefusal } from './result.js';

/** The request that a tool is asked to make. */
export const requestArguments = {
  url: z.string().max(argumentCharsMax).describe('What to request: an https URL, or http on this machine'),
  http_method: z.string().max(16).optional().describe('HTTP method; GET when left out, or POST with a body'),
  headers: z
    .record(z.string().max(256), z.string().max(argumentCharsMax))
    .optional()
    .describe('Header fields, such as X-API-Key. Payment needs none'),
  body: z.string().max(1_048_576).optional().describe('Request body as text; JSON is recognised'),
  payment_method: z
    .enum(['lightning', 'tempo'])
    .optional()
    .describe('Pay with this method only; the wallet chooses when left out'),
};

/** Limits that a tool is given: they can lower what the wallet allows, and never raise it. */
export const limitArguments = {
  max: z
    .string()
    .max(64)
    .optional()
    .describe(
      "Most that may be paid, with its unit: 100sat, 0.05pathUSD. Can only lower the wallet's own limits",
    ),
  max_fee: z
    .string()
    .max(64)
    .optional()
    .describe("Most that may be paid in fees on top, with its unit. Can only lower the wallet's own limits"),
};

/** What {@link requestArguments} give. */
export interface RequestArguments {
  readonly url: string;
  readonly http_method?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
  readonly payment_method?: 'lightning' | 'tempo' | undefined;
}

/** The request of a tool call. Throws {@link ToolRefusal} for an origin that is not allowed here. */
export function readRequest(given: RequestArguments, { origins }: McpParts): PayableRequest {
  const { url, http_method, headers = {}, body } = given;
  requireOrigin(url, origins);
  const place = placeToFillIn(url);
  if (place !== undefined) throw new ToolRefusal('usage', `Fill in ${place} in the URL.`);
  const pairs = Object.entries(headers);
  if (pairs.length > argumentHeadersMax) {
    throw new ToolRefusal('usage', `Give at most ${argumentHeadersMax} headers.`);
  }
  const hasType = pairs.some(([name]) => name.toLowerCase() === 'content-type');
  const typed =
    body === undefined || hasType ? pairs : [...pairs, ['Content-Type', guessType(body)] as const];
  return {
    url,
    headers: typed.map(([name, value]) => [name, value] as const),
    ...(http_method !== undefined && { method: http_method }),
    ...(body !== undefined && { body }),
  };
}

/** Throws {@link ToolRefusal} when the owner has named origins and this is none of them. */
export function requireOrigin(url: string, origins: readonly string[] | undefined): void {
  if (origins === undefined) return;
  const origin = URL.canParse(url) ? new URL(url).origin : '';
  if (origins.includes(origin)) return;
  throw new ToolRefusal(
    'origin_not_allowed',
    `This server was started for ${origins.join(', ')} only; its owner can add an origin with --only.`,
  );
}

/** The name that results give to whoever answered. */
export function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : 'the seller';
}

function guessType(body: string): string {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === 'object' && value !== null) return 'application/json';
  } catch {
    // No JSON: sent as what it is.
  }
  return 'text/plain;charset=utf-8';
}

/** Reads an amount of a tool call. Throws {@link ToolRefusal}. */
export function readAmount(text: string | undefined, parts: McpParts) {
  if (text === undefined) return undefined;
  const amount = parts.parseAmount(text);
  if (amount) return amount;
  throw new ToolRefusal('usage', 'Give the amount with its unit, like 100sat or 0.05pathUSD.');
}
