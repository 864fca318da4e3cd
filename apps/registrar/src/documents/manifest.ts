import type { DomainDirectory, DomainView } from '../directory.js';
import { manifestPath, skillPath } from '../zone/pointers.js';
import { dataJson, ownerNotice } from './owner-data.js';
import { documentPaths, pagePath } from './paths.js';
import { type Answer, type DocumentSettings, documentAnswer, mediaTypes, problemAnswer } from './settings.js';

/** `agent.json` of one domain, which its TXT record `agent-manifest` leads to; 404 where nobody registered it. */
export async function manifestAnswer(
  directory: DomainDirectory,
  settings: DocumentSettings,
  fqdn: string,
): Promise<Answer> {
  const domain = await directory.find(fqdn);
  if (domain === undefined) return unknownDomain(settings);
  return documentAnswer(mediaTypes.json, `${dataJson(manifest(domain, settings))}\n`);
}

/** There is no such domain; where to look. */
export function unknownDomain(settings: DocumentSettings): Answer {
  return problemAnswer(
    404,
    'Domain not found',
    `Nobody has registered this name here; search for it at ${settings.origin}/api/v1/domains/search?q=<name>.`,
  );
}

/** Version 1 of the manifest. What we cannot know of an agent is left out rather than guessed. */
function manifest(domain: DomainView, settings: DocumentSettings): object {
  const { fqdn, profile } = domain;
  const { origin } = settings;
  const said = (['name', 'bio', 'category', 'pfp', 'link', 'x', 'capabilities', 'workflows'] as const).filter(
    (key) => profile[key] !== undefined,
  );
  return {
    schema_version: '1.0',
    domain: fqdn,
    status: domain.status,
    registration_date: isoDate(domain.registeredMs),
    expiry_date: isoDate(domain.expiresMs),
    grace_ends_at: isoDate(domain.graceEndsMs),
    agent: {
      name: profile.name ?? fqdn,
      version: '1.0.0',
      description: profile.bio ?? '',
      capabilities: profile.capabilities ?? [],
      protocols: [],
      ...(profile.workflows === undefined ? {} : { workflows: profile.workflows }),
      owner_id: domain.owner,
      payment_endpoints: {},
      trust: { attestations: [] },
      ...(profile.category === undefined ? {} : { category: profile.category }),
      ...(profile.pfp === undefined ? {} : { pfp: profile.pfp }),
      ...(profile.link === undefined ? {} : { link: profile.link }),
      ...(profile.x === undefined ? {} : { x: profile.x }),
    },
    skills: [{ name: fqdn, url: origin + skillPath(fqdn) }],
    links: {
      self: origin + manifestPath(fqdn),
      skill_md: origin + skillPath(fqdn),
      page: origin + pagePath(fqdn),
      lookup: `${origin}/api/v1/lookup/${fqdn}`,
      registrar: origin + documentPaths.skill,
    },
    ...(said.length === 0 ? {} : { owner_supplied: said, notice: ownerNotice }),
  };
}

/** The registrar's own manifest, in the same form. */
export function registrarManifest(settings: DocumentSettings): Answer {
  const { origin, title } = settings;
  const manifest = {
    schema_version: '1.0',
    agent: {
      name: title,
      version: settings.version ?? '1.0.0',
      description: 'A domain registrar that sells names to agents, paid per request.',
      capabilities: ['domain-search', 'domain-quote', 'domain-register', 'domain-renew', 'dns-records'],
      protocols: ['mpp'],
      payment_endpoints: { mpp: `${origin}/api/v1/domains/register` },
      trust: { attestations: [] },
    },
    skills: [
      { name: 'registrar', url: origin + documentPaths.skill },
      { name: 'payment', url: origin + documentPaths.skillMpp },
    ],
    links: {
      openapi: origin + documentPaths.openapi,
      auth: origin + documentPaths.auth,
      llms: origin + documentPaths.llms,
    },
  };
  return documentAnswer(mediaTypes.json, `${dataJson(manifest)}\n`);
}

/** A moment as ISO 8601 in UTC, to the second; empty for what is no moment. */
export function isoDate(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? '' : date.toISOString().replace(/\.\d{3}Z$/, 'Z');
}
