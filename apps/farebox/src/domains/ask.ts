import { type JsonObject, parseJsonObject } from '@farebox/protocol';
import { CliError } from '../cli-error.js';
import { exitCodes } from '../exit-codes.js';
import { refusedBy } from './refused.js';
import type { Registrar } from './registrar.js';

/** Largest answer of a registrar that is read, bytes. */
export const registrarAnswerBytesMax = 1024 * 1024;
/** How long a registrar may take over an answer that costs nothing. */
export const registrarAnswerMs = 30_000;

/** One call that costs nothing. */
export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** From the root, with its query; parts of it are encoded already. */
  readonly path: string;
  readonly body?: JsonObject;
  /** In place of `body`: sent as a form (RFC 7009 wants one). */
  readonly form?: Readonly<Record<string, string>>;
  /** False: nobody needs to know who asks. */
  readonly identified: boolean;
  /** The name that it is about, for the advice. */
  readonly fqdn?: string;
}

/** What a registrar answered with success. Its texts are its own: data, nothing to obey. */
export interface Answered {
  readonly status: number;
  readonly content: JsonObject;
}

/** A registrar's answer, read whole. */
export interface RawAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly location: string | undefined;
  readonly text: string;
}

/**
 * Asks a registrar something that costs nothing. Redirects are never followed: the key would go with them.
 *
 * @throws {CliError} `unreachable`, `timed_out`, `answer_too_large`, and those of {@link refusedBy}
 */
export async function ask(registrar: Registrar, call: Call): Promise<Answered> {
  const answer = await send(registrar, call);
  const content = readContent(answer);
  if (content === undefined || answer.status < 200 || answer.status > 299)
    throw refusedBy(answer, { fqdn: call.fqdn, origin: registrar.origin });
  return { status: answer.status, content };
}

/** The object in an answer that says it is JSON; undefined where there is none. Nothing at all counts as an empty one. */
export function readContent({ status, contentType, text }: RawAnswer): JsonObject | undefined {
  if (status === 204 || (text === '' && status < 300)) return {};
  return isJson(contentType) ? parseJsonObject(text) : undefined;
}

/** True for `application/json` and its relatives. */
export function isJson(contentType: string): boolean {
  return /^application\/(?:[\w.-]+\+)?json\b/i.test(contentType);
}

async function send({ origin, key }: Registrar, call: Call): Promise<RawAnswer> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (call.identified && key !== undefined) headers['x-api-key'] = key;
  if (call.body !== undefined) headers['content-type'] = 'application/json';
  const form = call.form && new URLSearchParams(call.form);
  const late = AbortSignal.timeout(registrarAnswerMs);
  try {
    const response = await fetch(`${origin}${call.path}`, {
      method: call.method,
      headers,
      ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
      ...(form && { body: form }),
      redirect: 'manual',
      signal: late,
    });
    return {
      status: response.status,
      contentType: response.headers.get('content-type') ?? '',
      location: response.headers.get('location') ?? undefined,
      text: await readBounded(response),
    };
  } catch (cause) {
    if (cause instanceof CliError) throw cause;
    const code = late.aborted ? 'timed_out' : 'unreachable';
    const what = late.aborted ? 'did not answer in time' : 'cannot be reached';
    // Whether a change was made is not known; each of these calls may be made twice.
    throw new CliError(code, `The registrar ${origin} ${what}; look at the address, then try again.`, {
      cause,
      exitCode: exitCodes.network,
    });
  }
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength;
    if (length > registrarAnswerBytesMax) {
      const message = `The registrar's answer is larger than ${registrarAnswerBytesMax} bytes, and was not read.`;
      throw new CliError('answer_too_large', message, { retry: 'never' });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
