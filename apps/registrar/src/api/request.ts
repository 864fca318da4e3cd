import { type GateRequest, type MintBudget, readTarget } from '@farebox/gate';
import { isPaymentCredential, type Result } from '@farebox/protocol';
import type { z } from '@hono/zod-openapi';
import type { Agent } from '../store/agents.js';
import { isStorable } from '../store/database.js';
import type { ApiContext, ApiParts } from './context.js';
import { registrarProblem } from './problems.js';
import { refuse } from './respond.js';

/** Every value of the fields that may hold a credential. */
export function authorizationsOf(c: ApiContext): readonly string[] {
  const raw = c.env.incoming.rawHeaders;
  return raw.filter((_, at) => {
    const name = at % 2 === 1 ? raw[at - 1]?.toLowerCase() : undefined;
    return name === 'authorization' || name === 'payment-authorization';
  });
}

/** True where a request carries a payment. */
export function carriesPayment(c: ApiContext): boolean {
  return authorizationsOf(c).some(isPaymentCredential);
}

/** Where a request comes from, for limits. */
export function clientOf(c: ApiContext, { clientAddress }: ApiParts): string {
  return clientAddress(c.env.incoming.socket?.remoteAddress, c.req.header('x-forwarded-for'));
}

/** What the gate has to know of a request. */
export function gateRequest(
  c: ApiContext,
  body: Uint8Array,
  credentials: readonly string[],
  client: string,
  agent: Agent | undefined,
): GateRequest {
  const target = readTarget(c.env.incoming.url ?? '');
  return {
    method: c.req.method,
    path: target.ok ? target.path : c.req.path,
    query: target.ok ? target.query : '',
    credentials,
    acceptPayment: c.req.header('accept-payment'),
    idempotencyKey: c.req.header('idempotency-key'),
    ...{ body, client },
    subject: agent?.id,
  };
}

/** The agent of a request; a Response where it names nobody who is known. */
export async function identified(c: ApiContext, parts: ApiParts): Promise<Agent | undefined | Response> {
  const bearers = authorizationsOf(c).filter((value) => !isPaymentCredential(value));
  const identity = await parts.accounts.identify(c.req.header('x-api-key'), bearers);
  if (identity.kind === 'none') return undefined;
  if (identity.kind === 'agent') return identity.agent;
  return refuse(c, registrarProblem('identity-invalid', identity.why), challengeFields(parts));
}

/** As {@link identified}, where somebody must be named. */
export async function mustIdentify(c: ApiContext, parts: ApiParts): Promise<Agent | Response> {
  const agent = await identified(c, parts);
  if (agent !== undefined) return agent;
  const detail = 'Say who you are with X-API-Key; POST /agent/auth gives a key.';
  return refuse(c, registrarProblem('identity-required', detail), challengeFields(parts));
}

/** Where to find out how one is known here (RFC 9728 §5.1). */
function challengeFields({ desk }: ApiParts): string[] {
  const metadata = `${desk.realm}/.well-known/oauth-protected-resource`;
  return ['WWW-Authenticate', `Bearer resource_metadata="${metadata}"`];
}

/** Takes one from a limit; a Response where there is none left. */
export function limited(
  c: ApiContext,
  budget: MintBudget,
  client: string,
  nowMs: number,
): Response | undefined {
  const grant = budget.take(client, nowMs);
  if (grant.ok) return undefined;
  const seconds = Math.max(1, Math.ceil(grant.waitMs / 1_000));
  const detail = 'There were too many requests from here; wait as long as Retry-After says.';
  return refuse(c, registrarProblem('too-many-requests', detail), ['Retry-After', String(seconds)]);
}

/** True where a value that a schema has let through has a text in it that no store would give back as it was. */
function holdsUnstorable(value: unknown): boolean {
  if (typeof value === 'string') return !isStorable(value);
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsUnstorable);
}

/** Reads a JSON body. Members that the schema does not have are left out, whatever is in them. */
export function readJson<Schema extends z.ZodType>(
  bytes: Uint8Array,
  schema: Schema,
): Result<z.infer<Schema>> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return {
      ok: false,
      code: 'json',
      detail: 'The body is no JSON; send an object as the documents show it.',
    };
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) {
    if (!holdsUnstorable(parsed.data)) return { ok: true, value: parsed.data };
    const detail = 'The body has U+0000 or half of a surrogate pair in a text; leave it out.';
    return { ok: false, code: 'text', detail };
  }
  const [issue] = parsed.error.issues;
  const where =
    issue === undefined || issue.path.length === 0 ? 'The body' : `The member ${issue.path.join('.')}`;
  return {
    ok: false,
    code: 'schema',
    detail: `${where} is not as it should be: ${issue?.message ?? 'unknown'}.`,
  };
}

/** The bytes of a body, as they came. */
export async function bodyOf(c: ApiContext): Promise<Uint8Array> {
  return new Uint8Array(await c.req.arrayBuffer());
}

/** A refusal of a body or a parameter. */
export function badRequest(c: ApiContext, detail: string, code?: string): Response {
  return refuse(c, registrarProblem('bad-request', detail, code === undefined ? {} : { reason: code }));
}
