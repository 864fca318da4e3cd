import { readDomainName } from '../names/domain-name.js';
import type { Agent } from '../store/agents.js';
import { findDomain, type OwnedDomain } from '../store/domains.js';
import type { ApiContext, ApiParts } from './context.js';
import { registrarProblem } from './problems.js';
import { badRequest, mustIdentify } from './request.js';
import { isSent, refuse } from './respond.js';

/** The full name in a path; a Response where it is none. */
export function fqdnOf(c: ApiContext, { desk }: ApiParts): string | Response {
  const read = readDomainName({ domain: c.req.param('fqdn') ?? '' }, desk.namespaces);
  return read.ok ? read.value.fqdn : badRequest(c, read.detail, read.code);
}

/** A name and the agent who owns it and asks. */
export interface OwnerAsking {
  readonly agent: Agent;
  readonly owned: OwnedDomain;
}

/** The name in a path, where its owner asks; otherwise a Response. */
export async function ownerAsking(c: ApiContext, parts: ApiParts): Promise<OwnerAsking | Response> {
  const agent = await mustIdentify(c, parts);
  if (isSent(agent)) return agent;
  const fqdn = fqdnOf(c, parts);
  if (isSent(fqdn)) return fqdn;
  const owned = await parts.desk.db.read((sql) => findDomain(sql, fqdn, parts.desk.now()));
  if (owned === undefined) return notRegistered(c);
  return owned.owner === agent.id ? { agent, owned } : notYours(c);
}

/** The refusal of a name that nobody owns. */
export function notRegistered(c: ApiContext): Response {
  return refuse(c, registrarProblem('domain-not-registered', 'Nobody owns this name; register it first.'));
}

/** The refusal of whoever does not own a name. */
export function notYours(c: ApiContext): Response {
  return refuse(
    c,
    registrarProblem('not-the-owner', 'This name belongs to somebody else, and only they may do that.'),
  );
}
