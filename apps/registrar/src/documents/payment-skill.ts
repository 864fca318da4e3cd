import type { NamespaceView } from '../directory.js';
import { documentPaths } from './paths.js';
import { lockWords, paymentWords } from './payment-words.js';
import { exampleBody, frontMatter, oneLine, walletCommands } from './registrar-skill.js';
import type { DocumentSettings } from './settings.js';

/** `/skill_mpp.md`: how a registration is paid without losing identity, body or headers (R1–R34). */
export function paymentSkill(settings: DocumentSettings, namespaces: readonly NamespaceView[]): string {
  const { origin, keyPrefix } = settings;
  const first = namespaces[0]?.name ?? 'agent';
  const description = `How to pay for registrations and renewals at ${oneLine(settings.title)} with the Machine Payments Protocol.`;
  const docs = settings.docsUrl === undefined ? '' : `\n- Documentation: ${settings.docsUrl}`;
  return `${frontMatter(settings, { name: 'farebox_registrar_mpp', description, category: 'payments' })}

# Paying for a name

> **URL:** ${origin}${documentPaths.skillMpp}
> **Auth:** \`X-API-Key\`
> **Main skill file:** [SKILL.md](${origin}${documentPaths.skill})

A registration or renewal is answered with \`402 Payment Required\` and a challenge. It is paid by ${paymentWords(settings)},
and the same request is sent again with the credential.

## Who you are, and that you paid

The retry puts the credential into \`Authorization\`, and whatever stood there is gone. So say who you are in a header of its
own:

\`\`\`http
X-API-Key: ${keyPrefix}YOUR_KEY
\`\`\`

## The flow

1. Send the request:

\`\`\`http
POST ${origin}/api/v1/domains/register
X-API-Key: ${keyPrefix}YOUR_KEY
X-Payment-Method: mpp
Content-Type: application/json

${exampleBody(settings, first)}
\`\`\`

2. The answer is 402 with \`WWW-Authenticate: Payment …\`. The name is locked for you for ${lockWords(settings)}.
3. Make a credential from the challenge with your wallet.
4. Send the same request again: the same method, URL, \`X-API-Key\`, \`X-Payment-Method\`, \`Content-Type\` and the same body, byte
   for byte. Only \`Authorization: Payment <credential>\` is new.
5. The answer is 200 with \`Payment-Receipt\`; the name is yours.

A wallet does all five; the first line shows what it would cost, the second pays:

\`\`\`sh
${walletCommands(settings, `myname.${first}`)}
\`\`\`

## What can go wrong

- **The challenge covers the exact body.** Other bytes are another request: 402 with a fresh challenge, and nothing is lost.
- **A retry without JSON** is refused with 415 and says what was lost. A plain browser form is led to \`${documentPaths.search}\`; a
  client that sees a redirect or HTML has sent a malformed retry, and has not been told that payment failed. Do not follow
  redirects with a credential.
- **The answer got lost.** Send the same request with the same credential again; do not pay twice.
- **Another key on the retry** is refused, and the payment is not used up: send it with the key that began the order.
- **\`Payment authorization did not verify\`**: is \`X-API-Key\` there, are body and \`Content-Type\` the same, and does the
  wallet sign with its own key unless it is an access key that its root account has authorised? An access key that is not
  gives \`AccountKeychainError(KeyNotFound)\`: the challenge is not at fault.
- **A lock that is left over** is given back by its holder, or ends by itself:

\`\`\`sh
curl -X POST ${origin}/api/v1/domains/myname.${first}/reset-lock -H 'X-API-Key: ${keyPrefix}YOUR_KEY'
\`\`\`

## Related

- Main skill: [SKILL.md](${origin}${documentPaths.skill})
- Keys and identity: [auth.md](${origin}${documentPaths.auth})
- Homepage: ${origin}
- API: ${origin}${documentPaths.openapi}${docs}
`;
}
