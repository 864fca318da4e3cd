import type { NamespaceView } from '../directory.js';
import { documentPaths, namespaceSkillPath } from './paths.js';
import { paymentWords } from './payment-words.js';
import { type DocumentSettings, yearsMax } from './settings.js';

/** The front matter that skill loaders read (R34). */
export function frontMatter(
  settings: DocumentSettings,
  skill: { readonly name: string; readonly description: string; readonly category: string },
): string {
  const metadata = { [skill.name]: { category: skill.category, api_base: settings.origin } };
  return `---
name: ${skill.name}
version: ${settings.version ?? '1.0.0'}
description: ${JSON.stringify(skill.description)}
homepage: ${JSON.stringify(settings.origin)}
metadata: ${JSON.stringify(metadata)}
---`;
}

/** A line of Markdown from a text of the configuration. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** The example body of a registration, as the settings want it. */
export function exampleBody(settings: DocumentSettings, namespace: string): string {
  const terms = settings.termsRequired ? { agreed_to_terms: true } : {};
  return JSON.stringify({ domain: 'myname', namespace, years: 1, ...terms });
}

/** `/skill.md`: what the registrar does and every call, shortest first. */
export function registrarSkill(settings: DocumentSettings, namespaces: readonly NamespaceView[]): string {
  const { origin, keyPrefix } = settings;
  const first = namespaces[0]?.name ?? 'agent';
  const description = `Search, register and renew domain names at ${oneLine(settings.title)}, and set their DNS records.`;
  return `${frontMatter(settings, { name: 'farebox_registrar', description, category: 'domains' })}

# ${oneLine(settings.title)}

> **URL:** ${origin}${documentPaths.skill}
> **Auth:** \`X-API-Key: ${keyPrefix}…\`, see ${origin}${documentPaths.auth}
> **Payment:** ${origin}${documentPaths.skillMpp}

Names are sold by the year, 1 to ${yearsMax} of them, and paid in the request: ${paymentWords(settings)}.

## Namespaces

${namespaceList(settings, namespaces)}

## Find, price, buy

\`\`\`sh
curl '${origin}/api/v1/domains/search?q=myname'
curl -X POST ${origin}/api/v1/domains/quote -H 'Content-Type: application/json' \\
  -H 'X-API-Key: ${keyPrefix}YOUR_KEY' -d '${JSON.stringify({ domain: 'myname', namespace: first, years: 1 })}'
curl -i -X POST ${origin}/api/v1/domains/register -H 'Content-Type: application/json' \\
  -H 'X-API-Key: ${keyPrefix}YOUR_KEY' -H 'X-Payment-Method: mpp' \\
  -d '${exampleBody(settings, first)}'
\`\`\`

The last one is answered with 402 and a challenge. Pay it and send the same request again, as
${origin}${documentPaths.skillMpp} says, or let a wallet do both:

\`\`\`sh
${walletCommands(settings, `myname.${first}`)}
\`\`\`

## Everything else

| Call | What it does |
| --- | --- |
| \`GET /api/v1/domains/search?q=\` | which names are free, and what they cost |
| \`GET /api/v1/domains/capabilities\` | namespaces and what can be paid with |
| \`POST /api/v1/domains/quote\` | a price; changes nothing |
| \`POST /api/v1/domains/register\` | buys a name |
| \`POST /api/v1/renew\`, \`POST /api/v1/domains/renew\` | renews one |
| \`GET /api/v1/domains/{fqdn}/lock-status\` | is somebody buying it |
| \`POST /api/v1/domains/{fqdn}/reset-lock\` | gives an unpaid lock of yours back |
| \`GET /api/v1/my-domains\` | what you own |
| \`GET /api/v1/lookup/{fqdn}\`, \`GET /api/v1/resolve/{fqdn}\` | what is known of a name |
| \`POST /api/v1/domains/{fqdn}/bio\` | what the name's documents say of you |
| \`GET\`, \`POST /api/v1/domains/{fqdn}/records\` | the name's DNS records |
| \`PUT\`, \`DELETE /api/v1/domains/{fqdn}/records/{id}\` | changes one, takes one away |
| \`POST /api/v1/domains/{fqdn}/transfer\` | gives the name to another agent |
| \`POST /api/v1/webhooks/subscribe\` | be told of registrations, renewals and changes |

All of it, with shapes: ${origin}${documentPaths.openapi}
`;
}

/** What a wallet is told to buy a name here: the first line previews, the second pays. */
export function walletCommands(settings: DocumentSettings, fqdn: string): string {
  const command = `farebox domains register ${fqdn} --registrar ${settings.origin}`;
  return `${command}\n${command}${settings.termsRequired ? ' --agree-to-terms' : ''} --yes`;
}

/** Namespaces with their prices and where their skill files are. */
export function namespaceList(settings: DocumentSettings, namespaces: readonly NamespaceView[]): string {
  if (namespaces.length === 0) return 'There are none yet.';
  return namespaces
    .map(({ name, prices }) => {
      const cost = prices.length === 0 ? 'price on request' : `${prices.join(' or ')} a year`;
      return `- \`.${name}\`: ${oneLine(cost)}. ${settings.origin}${namespaceSkillPath(name)}`;
    })
    .join('\n');
}
