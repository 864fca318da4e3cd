import { z } from '@hono/zod-openapi';

// What answers have in common, for the document.

/** RFC 3339, UTC. */
export const time = z.iso.datetime();
/** The word that every answer begins with. */
export const success = z.literal('success');
/** An agent. */
export const agentId = z.string().regex(/^agt_[0-9a-f]{20}$/);
/** A full name, ASCII in lower case. */
export const fqdn = z.string().min(3).max(253).openapi({ example: 'myname.agent' });
/** Whether a person has taken an agent for theirs. */
export const claimState = z.enum(['claimed', 'unclaimed']);
/** A list of words. */
export const words = z.array(z.string());
/** Where a name is in its life. */
export const domainState = z.enum(['registered', 'expiring', 'grace', 'released']);
/** The documents of a name. */
export const manifests = z.object({ agent_json: z.url(), skill_md: z.url() });
