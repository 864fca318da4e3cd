import type { JsonObject } from '@farebox/protocol';
import { plainText } from '@farebox/wallet';
import { isAgentKey } from './registrar.js';
import type { RegistrarIdentity } from './registrar-home.js';

/** Longest name of an agent that is kept. */
const agentIdCharsMax = 100;

/**
 * The identity that an answer tells, once: at the top, or in `data`, where older clients look for it. Undefined where there
 * is none that could be sent. What it is called is the registrar's word, and bounded.
 */
export function madeIdentity(content: JsonObject): RegistrarIdentity | undefined {
  const key = memberText(content, 'api_key');
  if (key === undefined || !isAgentKey(key)) return undefined;
  const agentId = agentIdIn(content);
  return { key, ...(agentId !== undefined && { agentId }) };
}

/** What an answer calls the agent, fit to be shown. */
export function agentIdIn(content: JsonObject): string | undefined {
  const text = memberText(content, 'agent_id');
  return text === undefined ? undefined : plainText(text).slice(0, agentIdCharsMax);
}

/** A member as text, at the top or in `data`. */
export function memberText(content: JsonObject, name: string): string | undefined {
  const { data } = content;
  const inner = typeof data === 'object' && data !== null && !Array.isArray(data) ? data[name] : undefined;
  const value = content[name] ?? inner;
  return typeof value === 'string' && value !== '' ? value : undefined;
}
