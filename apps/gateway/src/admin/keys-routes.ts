import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { KeysConfig } from '../config/access-config.js';
import { changeKey, issueKey, type KeyWish, KeyWishError, rotateKey } from '../keys/issue.js';
import type { ApiKey } from '../keys/key.js';
import { type KeyStore, KeyStoreUnavailable } from '../keys/store.js';
import { needsBody } from './body.js';
import type { AdminParts } from './parts.js';
import { AdminProblem, bodyAnswers, commonAnswers } from './problem.js';
import {
  issuedKeySchema,
  keySchema,
  keysQuery,
  keysSchema,
  keyWishSchema,
  rotationSchema,
} from './schemas.js';
import { viewKey } from './views.js';

/** Keys in a page unless the caller says. */
const pageKeys = 100;

const params = z.object({ id: z.string().max(100).openapi({ example: 'key_7Yw3kQmZp4Rt' }) });
const wishBody = { content: { 'application/json': { schema: keyWishSchema } }, required: true };
const keyAnswer = { description: 'The key.', content: { 'application/json': { schema: keySchema } } };
const issuedAnswer = {
  description: 'The key with its secret, which is shown this once.',
  content: { 'application/json': { schema: issuedKeySchema } },
};

const listRoute = createRoute({
  operationId: 'listKeys',
  method: 'get',
  path: '/v1/keys',
  summary: 'Keys in the order in which they were made, a page at a time',
  request: { query: keysQuery },
  responses: {
    ...commonAnswers,
    200: { description: 'A page.', content: { 'application/json': { schema: keysSchema } } },
  },
});
const createKeyRoute = createRoute({
  operationId: 'createKey',
  method: 'post',
  path: '/v1/keys',
  summary: 'Makes a key',
  middleware: needsBody,
  request: { body: wishBody },
  responses: { ...commonAnswers, ...bodyAnswers, 201: issuedAnswer },
});
const showRoute = createRoute({
  operationId: 'showKey',
  method: 'get',
  path: '/v1/keys/{id}',
  summary: 'One key',
  request: { params },
  responses: { ...commonAnswers, 200: keyAnswer },
});
const changeRoute = createRoute({
  operationId: 'changeKey',
  method: 'patch',
  path: '/v1/keys/{id}',
  summary: 'Changes the name, plan, scopes or end of a key',
  middleware: needsBody,
  request: { params, body: wishBody },
  responses: { ...commonAnswers, ...bodyAnswers, 200: keyAnswer },
});
const revokeRoute = createRoute({
  operationId: 'revokeKey',
  method: 'delete',
  path: '/v1/keys/{id}',
  summary: 'Closes a key for good; it stays on record',
  request: { params },
  responses: { ...commonAnswers, 200: keyAnswer },
});
const rotateRoute = createRoute({
  operationId: 'rotateKey',
  method: 'post',
  path: '/v1/keys/{id}/rotate',
  summary: 'Gives a key another secret',
  request: { params, body: { content: { 'application/json': { schema: rotationSchema } } } },
  responses: { ...commonAnswers, ...bodyAnswers, 200: issuedAnswer },
});

/** Adds what is done with keys. */
export function addKeysRoutes(app: OpenAPIHono, parts: AdminParts): void {
  const { now } = parts;
  app.openapi(listRoute, async (context) => {
    const { after, limit = pageKeys } = context.req.valid('query');
    const keys = await withKeys(parts, ({ store }) => store.list(after, limit));
    const next = keys.length < limit ? null : (keys.at(-1)?.id ?? null);
    return context.json({ keys: keys.map((key) => viewKey(key, now())), next }, 200);
  });
  app.openapi(createKeyRoute, async (context) => {
    const wish = wishOf(context.req.valid('json'));
    const { key, secret } = await withKeys(parts, ({ store, config }) =>
      issueKey(store, config, wish, now()),
    );
    return context.json({ key: secret, ...viewKey(key, now()) }, 201);
  });
  app.openapi(showRoute, async (context) => {
    const { id } = context.req.valid('param');
    const key = await withKeys(parts, ({ store }) => store.show(id));
    return context.json(viewKey(existing(key), now()), 200);
  });
  app.openapi(changeRoute, async (context) => {
    const { id } = context.req.valid('param');
    const wish = wishOf(context.req.valid('json'));
    const key = await withKeys(parts, ({ store, config }) => changeKey(store, config, id, wish, now()));
    return context.json(viewKey(existing(key), now()), 200);
  });
  app.openapi(revokeRoute, async (context) => {
    const { id } = context.req.valid('param');
    const key = await withKeys(parts, ({ store }) => store.revoke(id, now()));
    return context.json(viewKey(existing(key), now()), 200);
  });
  app.openapi(rotateRoute, async (context) => {
    const { id } = context.req.valid('param');
    const { keepOldSeconds = 0 } = context.req.valid('json');
    const issued = await withKeys(parts, ({ store, config }) =>
      rotateKey(store, config, id, keepOldSeconds * 1_000, now()),
    );
    if (issued === undefined) throw new AdminProblem(404, 'There is no such key, or it is revoked.');
    return context.json({ key: issued.secret, ...viewKey(issued.key, now()) }, 200);
  });
}

function wishOf({ expires, ...wish }: z.infer<typeof keyWishSchema>): KeyWish {
  if (expires === undefined) return wish;
  return { ...wish, expiresMs: expires === null ? null : Date.parse(expires) };
}

function existing(key: ApiKey | undefined): ApiKey {
  if (key === undefined) throw new AdminProblem(404, 'There is no such key.');
  return key;
}

async function withKeys<T>(
  parts: AdminParts,
  work: (keys: { readonly store: KeyStore; readonly config: KeysConfig }) => Promise<T>,
): Promise<T> {
  const store = parts.keys();
  const config = parts.config().keys;
  if (store === undefined || config === undefined)
    throw new AdminProblem(404, 'Nothing is sold by key here; add keys: {} to the configuration.');
  try {
    return await work({ store, config });
  } catch (cause) {
    if (cause instanceof KeyWishError) throw new AdminProblem(400, cause.message, { cause });
    if (cause instanceof KeyStoreUnavailable) throw new AdminProblem(503, cause.message, { cause });
    throw cause;
  }
}
