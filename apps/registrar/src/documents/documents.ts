import type { DomainDirectory } from '../directory.js';
import { domainSkillAnswer } from './domain-skill.js';
import { manifestAnswer, registrarManifest, unknownDomain } from './manifest.js';
import { documentPaths } from './paths.js';
import { paymentSkill } from './payment-skill.js';
import { registrarSkill } from './registrar-skill.js';
import { type Answer, type DocumentSettings, documentAnswer, mediaTypes, problemAnswer } from './settings.js';
import { authText, llmsText, namespaceSkill, namespaceText, startText } from './texts.js';
import { authorizationServer, protectedResource } from './well-known.js';

/** The longest name that is looked up, characters (RFC 1035 §2.3.4, without the last dot). */
const nameCharsMax = 253;

/**
 * The document at a path, or undefined where the path is none of a document. `/openapi.json` is the API's.
 */
export async function documentAt(
  path: string,
  directory: DomainDirectory,
  settings: DocumentSettings,
): Promise<Answer | undefined> {
  const own = ownDocument(path, directory, settings);
  if (own !== undefined) return own;
  const [, folder, fqdn] = /^\/(manifests)\/([^/]+)\.json$|^\/(skills)\/([^/]+)\.md$/
    .exec(path)
    ?.filter((part) => part !== undefined) ?? ['', '', ''];
  if (folder === 'manifests' || folder === 'skills') {
    const name = registrable(fqdn);
    if (name === undefined) return unknownDomain(settings);
    return folder === 'manifests'
      ? manifestAnswer(directory, settings, name)
      : domainSkillAnswer(directory, settings, name);
  }
  return namespaceDocument(path, directory, settings);
}

/** A name as the directory has it; undefined for what cannot be one. */
export function registrable(text: string | undefined): string | undefined {
  const name = text?.toLowerCase() ?? '';
  return name.length <= nameCharsMax && /^[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})+$/.test(name)
    ? name
    : undefined;
}

function ownDocument(
  path: string,
  directory: DomainDirectory,
  settings: DocumentSettings,
): Answer | undefined {
  const markdown = (text: string): Answer => documentAnswer(mediaTypes.markdown, text);
  switch (path) {
    case documentPaths.skill:
    case '/SKILL.md':
      return markdown(registrarSkill(settings, directory.namespaces()));
    case documentPaths.skillMpp:
      return markdown(paymentSkill(settings, directory.namespaces()));
    case documentPaths.auth:
      return markdown(authText(settings));
    case documentPaths.start:
      return markdown(startText(settings, directory.namespaces()));
    case documentPaths.llms:
      return documentAnswer(mediaTypes.plain, llmsText(settings, directory.namespaces()));
    case documentPaths.wellKnownAgent:
      return registrarManifest(settings);
    case documentPaths.wellKnownResource:
      return protectedResource(settings);
    case documentPaths.wellKnownServer:
      return authorizationServer(settings);
    default:
      return undefined;
  }
}

function namespaceDocument(
  path: string,
  directory: DomainDirectory,
  settings: DocumentSettings,
): Answer | undefined {
  const [, name, skill] = /^\/tld\/([^/]+)(\/skill\.md)?$/.exec(path) ?? [];
  if (name === undefined) return undefined;
  const namespace = directory.namespaces().find((each) => each.name === name.toLowerCase());
  if (namespace === undefined) {
    return problemAnswer(
      404,
      'Namespace not found',
      `Names are not sold in it here; ${settings.origin}${documentPaths.llms} lists those they are sold in.`,
    );
  }
  // The seed serves both as plain text.
  const text = skill === undefined ? namespaceText(settings, namespace) : namespaceSkill(settings, namespace);
  return documentAnswer(mediaTypes.plain, text);
}
