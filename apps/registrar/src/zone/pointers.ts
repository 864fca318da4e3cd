import type { ZoneSettings } from './settings.js';

/** Where the manifest of a name is served. */
export function manifestPath(fqdn: string): string {
  return `/manifests/${fqdn}.json`;
}

/** Where the skill file of a name is served. */
export function skillPath(fqdn: string): string {
  return `/skills/${fqdn}.md`;
}

/** The texts of the TXT records at the apex of a registered name, which lead from the name to its documents. */
export function pointerTexts(fqdn: string, settings: ZoneSettings): readonly string[] {
  const form = settings.pointerForm ?? 'equals';
  const manifest = settings.origin + manifestPath(fqdn);
  const skill = settings.origin + skillPath(fqdn);
  const texts: string[] = [];
  if (form !== 'colon') texts.push(`agent-manifest=${manifest}`, `skill-md=${skill}`);
  if (form !== 'equals')
    texts.push(`agent-manifest:${withoutScheme(manifest)}`, `skill-md:${withoutScheme(skill)}`);
  return texts;
}

function withoutScheme(url: string): string {
  return url.replace(/^https?:\/\//, '');
}
