import { type CatalogContext, groupsOf, isPriced } from './catalog-context.js';
import { type JsonObject, objectAt, textAt } from './json-value.js';
import { openapiOperation } from './openapi-operation.js';
import { reachedComponents } from './openapi-references.js';
import {
  problemSchema,
  securitySchemes,
  sharedHeaders,
  sharedNames,
  sharedResponses,
} from './openapi-shared.js';
import { documentPaths } from './paths.js';

/**
 * The OpenAPI 3.1 document that is served at `/openapi.json` (draft-payment-discovery-00 §"OpenAPI Discovery"): every
 * listed operation with its offers, and of the seller's file what belongs to them.
 */
export function openapiDocument(context: CatalogContext): JsonObject {
  const { about, operations, seller } = context;
  const paths: Record<string, Record<string, JsonObject>> = {};
  for (const operation of operations) {
    const item = paths[operation.path] ?? {};
    paths[operation.path] = item;
    item[operation.method.toLowerCase()] = openapiOperation(operation, context);
  }
  const reached = reachedComponents(paths, withOwn(seller?.components ?? {}));
  const priced = operations.some(isPriced);
  return {
    openapi: '3.1.0',
    info: infoOf(context),
    servers: [{ url: about.origin }],
    'x-service-info': serviceInfo(context),
    tags: [...groupsOf(operations)].map(([name, members]) => ({
      name,
      description:
        seller?.tags.get(name) ?? `${members.length} ${members.length === 1 ? 'operation' : 'operations'}.`,
    })),
    paths,
    components: {
      ...reached,
      ...(priced ? { securitySchemes: securitySchemes(context.keyHeader) } : {}),
    },
  };
}

/** What the seller's file calls by our names is ours. */
function withOwn(components: JsonObject): JsonObject {
  return {
    ...components,
    schemas: { ...objectAt(components, 'schemas'), [sharedNames.problem]: problemSchema },
    responses: { ...objectAt(components, 'responses'), ...sharedResponses },
    headers: { ...objectAt(components, 'headers'), ...sharedHeaders },
  };
}

function infoOf({ about, seller, title, description }: CatalogContext): JsonObject {
  const said = seller?.info;
  const contact = about.contact ?? objectAt(said, 'contact');
  const license = objectAt(said, 'license');
  const terms = textAt(said, 'termsOfService');
  return {
    title,
    version: about.version ?? textAt(said, 'version') ?? '1.0.0',
    ...(description === undefined ? {} : { description }),
    ...(contact === undefined ? {} : { contact }),
    ...(license === undefined ? {} : { license }),
    ...(terms === undefined ? {} : { termsOfService: terms }),
  };
}

function serviceInfo({ about }: CatalogContext): JsonObject {
  const { origin, categories } = about;
  return {
    ...(categories.length === 0 ? {} : { categories }),
    docs: {
      homepage: about.docs ?? origin + documentPaths.pages,
      apiReference: origin + documentPaths.pages,
      llms: origin + documentPaths.llms,
    },
  };
}
