/** Where the documents are. */
export const documentPaths = {
  skill: '/skill.md',
  skillMpp: '/skill_mpp.md',
  auth: '/auth.md',
  llms: '/llms.txt',
  start: '/agent-start.md',
  openapi: '/openapi.json',
  search: '/search',
  wellKnownAgent: '/.well-known/agent.json',
  wellKnownResource: '/.well-known/oauth-protected-resource',
  wellKnownServer: '/.well-known/oauth-authorization-server',
} as const;

/** The page of a name, for people. */
export function pagePath(fqdn: string): string {
  return `/domains/${fqdn}`;
}

/** The text about a namespace. */
export function namespacePath(namespace: string): string {
  return `/tld/${namespace}`;
}

/** How to buy a name in a namespace. */
export function namespaceSkillPath(namespace: string): string {
  return `/tld/${namespace}/skill.md`;
}
