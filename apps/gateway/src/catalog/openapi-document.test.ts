import { describe, expect, it } from 'vitest';
import { objectAt } from './json-value.js';
import { build, buildWith, openapiOf, operationAt, operationsIn, textOf } from './testing/build.js';

const route = (match: string, more: object = {}) => ({ match, upstream: 'api', price: '1 sat', ...more });

describe('the document of a table of routes alone', () => {
  it('lists a route as an operation, with the answers of the gateway', async () => {
    const more = { description: 'A block', catalog: { example: '/v1/blocks/7' } };
    const catalog = await build({ routes: [route('GET /v1/blocks/:block', more)] });
    expect(openapiOf(catalog)).toMatchObject({
      openapi: '3.1.0',
      servers: [{ url: 'https://api.example.com' }],
    });
    expect(operationAt(catalog, 'get', '/v1/blocks/{block}')).toMatchObject({
      operationId: 'getV1BlocksBlock',
      summary: 'A block',
      tags: ['blocks'],
      security: [{ payment: [] }],
      parameters: [{ name: 'block', in: 'path', required: true, example: '7' }],
      responses: { 402: { $ref: '#/components/responses/FareboxPaymentRequired' } },
    });
  });

  it('lists ANY as the methods that people look for, named methods first', async () => {
    const catalog = await build({ routes: [route('ANY /a', { price: '9 sat' }), route('GET /a')] });
    expect(operationsIn(catalog).sort()).toEqual(['delete /a', 'get /a', 'patch /a', 'post /a', 'put /a']);
    expect(operationAt(catalog, 'get', '/a')).toMatchObject({
      'x-payment-info': { offers: [{ amount: '1' }] },
    });
    expect(operationAt(catalog, 'put', '/a')).toMatchObject({
      'x-payment-info': { offers: [{ amount: '9' }] },
    });
  });

  it('never has two paths that differ in names only', async () => {
    const catalog = await build({
      routes: [
        route('GET /r/:id'),
        route('POST /r/:key'),
        route('GET /r/*'),
        route('DELETE /r/*'),
        route('GET /r/:id/*'),
      ],
    });
    expect(operationsIn(catalog).sort()).toEqual([
      'delete /r/{id}',
      'get /r/{id}',
      'get /r/{id}/{path}',
      'post /r/{id}',
    ]);
  });

  it('names the host when no title is given, and no route that is not to be listed', async () => {
    const catalog = await build({ routes: [route('GET /a'), route('GET /secret', { catalog: false })] });
    expect(openapiOf(catalog)).toMatchObject({ info: { title: 'api.example.com', version: '1.0.0' } });
    expect(operationsIn(catalog)).toEqual(['get /a']);
    for (const path of catalog.paths) expect(textOf(catalog, path)).not.toContain('/secret');
  });

  it('has a key as the other way in where keys are sold', async () => {
    const catalog = await build({ keys: { header: 'X-Shop-Key' }, routes: [route('GET /a')] });
    expect(operationAt(catalog, 'get', '/a')?.security).toEqual([{ payment: [] }, { apiKey: [] }]);
    expect(objectAt(openapiOf(catalog), 'components')).toMatchObject({
      securitySchemes: {
        payment: { type: 'http', scheme: 'Payment' },
        apiKey: { type: 'apiKey', in: 'header', name: 'x-shop-key' },
      },
    });
  });

  it('has every refusal of the gateway: those of keys where keys are sold, none where nothing is', async () => {
    const routes = [route('GET /a'), route('GET /open', { price: 'free' })];
    const keyed = await build({ keys: {}, routes });
    const statuses = (catalog: typeof keyed, path: string) =>
      Object.keys(objectAt(operationAt(catalog, 'get', path), 'responses') ?? {});
    expect(statuses(keyed, '/a')).toEqual(['200', '400', '401', '402', '403', '429', '500', '502', '503']);
    expect(statuses(keyed, '/open')).toEqual(['200', '400']);
    expect(statuses(await build({ routes }), '/a')).not.toContain('401');
    const answers = objectAt(objectAt(openapiOf(keyed), 'components'), 'responses');
    const limited = objectAt(objectAt(answers, 'FareboxTooManyRequests'), 'headers') ?? {};
    expect(Object.keys(limited).sort()).toEqual([
      'RateLimit',
      'RateLimit-Policy',
      'Retry-After',
      'WWW-Authenticate',
    ]);
    expect(JSON.stringify(objectAt(answers, 'FareboxForbidden'))).toContain('the key is not for this one');
  });

  it('has x-service-info as the draft has it', async () => {
    const catalog = await build({
      catalog: {
        categories: ['data', 'search'],
        docs: 'https://shop.example/help',
        origin: 'https://pay.example',
      },
      routes: [route('GET /a')],
    });
    expect(openapiOf(catalog)['x-service-info']).toEqual({
      categories: ['data', 'search'],
      docs: {
        homepage: 'https://shop.example/help',
        apiReference: 'https://pay.example/docs',
        llms: 'https://pay.example/llms.txt',
      },
    });
  });
});

const sellers = {
  openapi: '3.0.3',
  info: { title: 'Blocks', version: '4.2', license: { name: 'MIT' } },
  servers: [{ url: 'http://inside.example/base/' }],
  tags: [{ name: 'Chain', description: 'All about blocks.' }],
  security: [{ inner: [] }],
  paths: {
    '/blocks/{block}': {
      parameters: [
        { name: 'block', in: 'path', required: true, schema: { type: 'integer', example: 7 } },
        { name: 'full', in: 'query', schema: { type: 'boolean' } },
      ],
      get: {
        operationId: 'block',
        tags: ['Chain'],
        summary: 'One block',
        security: [{ inner: [] }],
        'x-payment-info': { offers: [{ intent: 'charge', method: 'other', amount: '0' }] },
        parameters: [{ name: 'full', in: 'query', required: true, schema: { type: 'boolean' } }],
        responses: {
          200: {
            description: 'It',
            content: { 'application/json': { schema: { $ref: '#/components/schemas/Block' } } },
          },
          402: { description: 'not ours' },
          default: { $ref: '#/components/responses/Bad' },
        },
      },
      delete: { responses: { 204: { description: 'gone' } } },
    },
    '/admin': { get: { responses: { 200: { $ref: '#/components/responses/Admin' } } } },
  },
  components: {
    schemas: {
      Block: {
        type: 'object',
        properties: {
          note: { type: 'string', nullable: true },
          next: { $ref: '#/components/schemas/Block' },
        },
      },
      Secret: { type: 'object' },
    },
    responses: {
      Bad: { description: 'Bad' },
      Admin: {
        description: 'A',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Secret' } } },
      },
    },
    securitySchemes: { inner: { type: 'apiKey', in: 'header', name: 'x-inner' } },
  },
};

const merged = (
  routes: ReturnType<typeof route>[],
  upstream = 'http://127.0.0.1:9/base',
  file: object = sellers,
) =>
  buildWith(
    { 'api.json': JSON.stringify(file) },
    { upstreams: { api: upstream }, catalog: { openapi: 'api.json', over_wildcards: true }, routes },
  );

describe("the document with the seller's own file", () => {
  it('keeps what the file says and puts the price to it', async () => {
    const catalog = await merged([route('GET /blocks/:block')]);
    const operation = operationAt(catalog, 'get', '/blocks/{block}');
    expect(operation).toMatchObject({
      operationId: 'block',
      summary: 'One block',
      tags: ['Chain'],
      security: [{ payment: [] }],
      'x-payment-info': { offers: [{ method: 'lightning', amount: '1' }] },
      responses: {
        200: { headers: { 'Payment-Receipt': { $ref: '#/components/headers/FareboxPaymentReceipt' } } },
        402: { $ref: '#/components/responses/FareboxPaymentRequired' },
        default: { $ref: '#/components/responses/Bad' },
      },
    });
    expect(operation?.parameters).toEqual([
      { name: 'full', in: 'query', required: true, schema: { type: 'boolean' } },
      { name: 'block', in: 'path', required: true, schema: { type: 'integer', example: 7 } },
    ]);
    const document = openapiOf(catalog);
    expect(document).toMatchObject({
      openapi: '3.1.0',
      info: { title: 'Blocks', version: '4.2', license: { name: 'MIT' } },
    });
    expect(document.tags).toEqual([{ name: 'Chain', description: 'All about blocks.' }]);
  });

  it('leaves out what no route serves, and every component that belongs to that alone', async () => {
    const catalog = await merged([route('GET /blocks/:block')]);
    expect(operationsIn(catalog)).toEqual(['get /blocks/{block}']);
    const components = objectAt(openapiOf(catalog), 'components');
    expect(Object.keys(objectAt(components, 'schemas') ?? {}).sort()).toEqual(['Block', 'FareboxProblem']);
    expect(JSON.stringify(openapiOf(catalog))).not.toMatch(/Secret|Admin|x-inner/);
  });

  it('writes schemas of 3.0 as 3.1 has them', async () => {
    const components = objectAt(openapiOf(await merged([route('GET /blocks/:block')])), 'components');
    expect(objectAt(components, 'schemas')?.Block).toMatchObject({
      properties: { note: { type: ['string', 'null'] }, next: { $ref: '#/components/schemas/Block' } },
    });
  });

  it('adds the routes of which it says nothing, and marks free ones', async () => {
    const catalog = await merged([route('GET /blocks/:block'), route('GET /status', { price: 'free' })]);
    expect(operationsIn(catalog)).toEqual(['get /blocks/{block}', 'get /status']);
    expect(operationAt(catalog, 'get', '/status')).toMatchObject({ security: [] });
  });

  it.each([
    [
      'behind a prefix that is stripped',
      [route('GET /shop/*', { strip_prefix: '/shop' })],
      'get /shop/blocks/{block}',
    ],
    ['under a route with *', [route('GET /blocks/*')], 'get /blocks/{block}'],
  ])('finds an operation %s', async (_name, routes, expected) => {
    expect(operationsIn(await merged(routes))[0]).toBe(expected);
  });

  it('finds operations where the file names a public server with a path that the upstream does not have', async () => {
    const catalog = await merged([route('GET /blocks/:block')], 'http://127.0.0.1:9');
    expect(operationsIn(catalog)).toEqual(['get /blocks/{block}']);
    expect(operationAt(catalog, 'get', '/blocks/{block}')).toMatchObject({ operationId: 'block' });
  });

  it('gives an operation the price of the route that really serves it', async () => {
    const catalog = await merged([
      route('GET /blocks/:b', { price: '3 sat' }),
      route('GET /:name/*'),
      route('GET /:name'),
    ]);
    expect(operationAt(catalog, 'get', '/blocks/{block}')).toMatchObject({
      'x-payment-info': { offers: [{ amount: '3' }] },
    });
    expect(operationAt(catalog, 'get', '/admin')).toMatchObject({
      'x-payment-info': { offers: [{ amount: '1' }] },
    });
  });

  it('reads YAML as well as JSON', async () => {
    const text =
      'openapi: 3.1.0\ninfo: {title: Y, version: "1"}\npaths: {/a: {get: {summary: From YAML, responses: {"200": {description: x}}}}}\n';
    const catalog = await buildWith(
      { 'a.yaml': text },
      { catalog: { openapi: 'a.yaml' }, routes: [route('GET /a')] },
    );
    expect(operationAt(catalog, 'get', '/a')).toMatchObject({ summary: 'From YAML' });
  });

  it.each([
    ['is not there', undefined, /cannot be read; name another file/],
    ['is Swagger 2', '{"swagger":"2.0","paths":{}}', /not OpenAPI 3\.0 or 3\.1/],
    ['is no mapping', '[1]', /neither JSON nor YAML/],
    ['is no YAML', 'a: [', /neither JSON nor YAML/],
    [
      'refers to another file',
      '{"openapi":"3.1.0","paths":{"/a":{"get":{"responses":{"200":{"$ref":"other.yaml#/x"}}}}}}',
      /bundle it into one file/,
    ],
    [
      'refers to what it does not have',
      '{"openapi":"3.1.0","paths":{"/a":{"get":{"responses":{"200":{"$ref":"#/components/responses/No"}}}}}}',
      /does not have; add it/,
    ],
  ])('says what to do when the file %s', async (_name, text, said) => {
    const files: Record<string, string> = text === undefined ? {} : { 'api.json': text };
    const config = { catalog: { openapi: 'api.json' }, routes: [route('GET /a')] };
    await expect(buildWith(files, config)).rejects.toThrow(said);
    await expect(buildWith(files, config)).rejects.toMatchObject({ name: 'CatalogError', code: 'catalog' });
  });

  it('takes no operation from the prototype of an object', async () => {
    const file =
      '{"openapi":"3.1.0","paths":{"/a":{"__proto__":{"get":{}},"constructor":1,"get":{"responses":{}}}}}';
    const catalog = await buildWith(
      { 'a.json': file },
      { catalog: { openapi: 'a.json' }, routes: [route('ANY /a')] },
    );
    expect(operationsIn(catalog)).toEqual(['get /a']);
  });
});
