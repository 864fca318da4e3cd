import type { DomainDirectory, DomainView } from '../directory.js';
import { manifestPath, pointerTexts, skillPath } from '../zone/pointers.js';
import { isoDate, unknownDomain } from './manifest.js';
import { ownerBlock } from './owner-data.js';
import { documentPaths, pagePath } from './paths.js';
import { type Answer, type DocumentSettings, documentAnswer, mediaTypes } from './settings.js';

/** `SKILL.md` of one domain, which its TXT record `skill-md` leads to; 404 where nobody registered it. */
export async function domainSkillAnswer(
  directory: DomainDirectory,
  settings: DocumentSettings,
  fqdn: string,
): Promise<Answer> {
  const domain = await directory.find(fqdn);
  if (domain === undefined) return unknownDomain(settings);
  return documentAnswer(mediaTypes.markdown, domainSkill(domain, settings));
}

function domainSkill(domain: DomainView, settings: DocumentSettings): string {
  const { fqdn } = domain;
  const { origin } = settings;
  const metadata = { domain: fqdn, api_base: origin, agent_manifest: origin + manifestPath(fqdn) };
  return `---
name: ${JSON.stringify(skillName(fqdn))}
version: "1.0.0"
description: ${JSON.stringify(`What is known of the domain ${fqdn}, and where its records and manifest are.`)}
homepage: ${JSON.stringify(origin + pagePath(fqdn))}
metadata: ${JSON.stringify(metadata)}
---

# ${fqdn}

> **URL:** ${origin}${skillPath(fqdn)}

## What the registrar knows

- Status: ${standing(domain)}
- Registered: ${isoDate(domain.registeredMs)}
- Expires: ${isoDate(domain.expiresMs)}
- Owner: \`${domain.owner.replace(/[^\w.:-]/g, '')}\`
- Manifest: ${origin}${manifestPath(fqdn)}
- Records: ask the namespace's name servers, or \`GET ${origin}/api/v1/lookup/${fqdn}\`

Its name leads here by TXT records:

\`\`\`
${pointerTexts(fqdn, settings).join('\n')}
\`\`\`

## What the owner says

${ownerBlock(domain.profile)}

## Related

- The registrar: ${origin}${documentPaths.skill}
- Renewing it: ${origin}${documentPaths.skillMpp}
`;
}

function standing(domain: DomainView): string {
  if (domain.status === 'grace') {
    return `expired; only its owner can renew it, until ${isoDate(domain.graceEndsMs)}`;
  }
  return domain.status === 'expiring' ? 'registered, expires within 30 days' : 'registered';
}

/** Letters, digits and hyphens, at most 64: what loaders of skills take. */
function skillName(fqdn: string): string {
  return fqdn.replace(/[^a-z0-9]+/g, '-').slice(0, 64);
}
