import type { DomainDirectory } from '../directory.js';
import { documentAt } from './documents.js';
import { documentPaths } from './paths.js';
import type { Answer, DocumentSettings } from './settings.js';

/** What is used of an app: Hono's has it. */
export interface GetApp {
  get(
    path: string,
    handler: (context: { readonly req: { readonly path: string } }) => Promise<Response>,
  ): unknown;
}

/** Every route of a document; `:file` is one segment. */
export const documentRoutes: readonly string[] = [
  documentPaths.skill,
  '/SKILL.md',
  documentPaths.skillMpp,
  documentPaths.auth,
  documentPaths.start,
  documentPaths.llms,
  documentPaths.wellKnownAgent,
  documentPaths.wellKnownResource,
  documentPaths.wellKnownServer,
  '/manifests/:file',
  '/skills/:file',
  '/tld/:tld',
  '/tld/:tld/skill.md',
];

/** Mounts all documents on an app. */
export function mountDocuments(app: GetApp, directory: DomainDirectory, settings: DocumentSettings): void {
  for (const route of documentRoutes) {
    app.get(route, async ({ req }) => {
      const answer = await documentAt(req.path, directory, settings);
      return answer === undefined ? new Response(null, { status: 404 }) : toResponse(answer);
    });
  }
}

/** An answer as a Fetch response. */
export function toResponse(answer: Answer): Response {
  return new Response(answer.body, { status: answer.status, headers: answer.headers });
}
