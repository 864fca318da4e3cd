import {
  decodeRequest,
  encodeBase64url,
  encodeRequest,
  isJsonObject,
  type JsonObject,
  type Problem,
  parseChallenges,
  parseJsonObject,
} from '@farebox/protocol';
import type { Answer } from '../answer.js';

/** JSON-RPC error codes of draft-payment-transport-mcp-00 §"Error Code Mapping". */
export const mcpCodes = {
  paymentRequired: -32042,
  verificationFailed: -32043,
  invalidParams: -32602,
  internalError: -32603,
} as const;

/** Where a credential stands in `_meta` (draft-payment-transport-mcp-00 §"Transmitting Payment Data"). */
export const credentialMetaKey = 'org.paymentauth/credential';
/** Where a receipt stands in a result's `_meta` (draft-payment-transport-mcp-00 §"Payment Receipt"). */
export const receiptMetaKey = 'org.paymentauth/receipt';
/** Where a refusal stands in the `_meta` of a tool result, where no error can carry it. Not in the draft. */
export const refusalMetaKey = 'farebox.dev/refusal';

/** Most characters of a credential, as JSON, that are looked at. */
export const mcpCredentialCharsMax = 16 * 1024;

/** `data` of a JSON-RPC error that refuses a call; with `challenges` where it can be paid. */
export interface McpRefusalData {
  readonly httpStatus: number;
  readonly problem: Problem;
  readonly challenges?: readonly JsonObject[];
  /** Why a payment was refused (draft-payment-transport-mcp-00 §"Payment Verification Failure"). */
  readonly failure?: { readonly reason: string; readonly detail: string };
  /** As in `Retry-After`. */
  readonly retryAfterSeconds?: number;
}

/** A call that was refused, as a JSON-RPC error: servers read `code`, `message` and `data` of what a handler throws. */
export class McpRefusal extends Error {
  override readonly name = 'McpRefusal';
  readonly code: number;
  readonly data: McpRefusalData;

  constructor(code: number, message: string, data: McpRefusalData) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

/**
 * The credential of a call's `_meta`, as the field value that the gate reads: the same credential, with `request` encoded
 * as it was signed. Undefined when there is none; what is no credential becomes one that the gate finds malformed.
 */
export function credentialIn(meta: object | undefined): string | undefined {
  const value = meta === undefined ? undefined : new Map(Object.entries(meta)).get(credentialMetaKey);
  if (value === undefined) return undefined;
  const text = JSON.stringify(value) ?? '';
  const credential = text.length > mcpCredentialCharsMax ? undefined : parseJsonObject(text);
  const challenge = credential?.challenge;
  if (credential === undefined || !isJsonObject(challenge)) return malformed;
  const { request } = challenge;
  if (!isJsonObject(request)) return malformed;
  try {
    const wire = { ...credential, challenge: { ...challenge, request: encodeRequest(request) } };
    return `Payment ${encodeBase64url(JSON.stringify(wire))}`;
  } catch {
    return malformed; // Half of a surrogate pair cannot be signed, so it was not.
  }
}

const malformed = 'Payment malformed';

/** An answer of the gate as a JSON-RPC error. */
export function refusalOf(answer: Answer): McpRefusal {
  const problem = problemOf(answer);
  const { status } = answer;
  const challenges = challengesOf(answer);
  const retryAfter = Number(fieldsOf(answer, 'retry-after')[0] ?? Number.NaN);
  const data = {
    httpStatus: status,
    ...(challenges.length === 0 ? {} : { challenges }),
    problem,
    ...(Number.isNaN(retryAfter) ? {} : { retryAfterSeconds: retryAfter }),
  };
  const { detail = problem.title } = problem;
  const kind = problem.type.replace(/^.*\//, '');
  if (challenges.length > 0 && kind === 'payment-required')
    return new McpRefusal(mcpCodes.paymentRequired, 'Payment Required', data);
  if (kind === 'malformed-credential') return new McpRefusal(mcpCodes.invalidParams, detail, data);
  if (challenges.length > 0) {
    const reason = typeof problem.code === 'string' ? problem.code : kind;
    return new McpRefusal(mcpCodes.verificationFailed, 'Payment Verification Failed', {
      ...data,
      failure: { reason, detail },
    });
  }
  // No challenge, no payment to be made: the credential belongs elsewhere, the call is not one, or we cannot go on.
  const ours = status >= 500 || status === 409 || status === 429;
  return new McpRefusal(ours ? mcpCodes.internalError : mcpCodes.invalidParams, detail, data);
}

/** The challenges of an answer in native JSON (draft-payment-transport-mcp-00 §"Challenge Structure"). */
function challengesOf(answer: Answer): JsonObject[] {
  return parseChallenges(fieldsOf(answer, 'www-authenticate')).challenges.map((challenge) => ({
    ...challenge,
    request: decodeRequest(challenge.request) ?? {},
  }));
}

/** Our own answers: their bodies are problems. */
function problemOf(answer: Answer): Problem {
  return JSON.parse(answer.body.toString());
}

function fieldsOf({ headers }: Answer, name: string): string[] {
  return headers.filter((_, i) => i % 2 === 1 && headers[i - 1]?.toLowerCase() === name);
}
