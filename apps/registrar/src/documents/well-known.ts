import { dataJson } from './owner-data.js';
import { documentPaths } from './paths.js';
import { type Answer, type DocumentSettings, documentAnswer, mediaTypes } from './settings.js';

/** The protected resource's metadata, which a 401 points to (RFC 9728 §2). */
export function protectedResource(settings: DocumentSettings): Answer {
  const { origin } = settings;
  return json({
    resource: origin,
    resource_name: settings.title,
    authorization_servers: [origin],
    bearer_methods_supported: ['header'],
    resource_documentation: origin + documentPaths.auth,
    ...(settings.termsUrl === undefined ? {} : { resource_tos_uri: settings.termsUrl }),
  });
}

/**
 * The authorization server's metadata (RFC 8414 §2). Keys are given by a call of their own and not by a grant, so there is
 * no authorization or token endpoint; what there is of OAuth is revocation (RFC 7009).
 */
export function authorizationServer(settings: DocumentSettings): Answer {
  const { origin } = settings;
  return json({
    issuer: origin,
    response_types_supported: [],
    grant_types_supported: [],
    revocation_endpoint: `${origin}/oauth2/revoke`,
    revocation_endpoint_auth_methods_supported: ['none'],
    service_documentation: origin + documentPaths.auth,
    agent_provisioning_endpoint: `${origin}/api/v1/agents/provision`,
  });
}

function json(value: object): Answer {
  return documentAnswer(mediaTypes.json, `${dataJson(value)}\n`);
}
