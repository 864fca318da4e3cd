import { z } from 'zod';

const text = (most: number, meaning: string) =>
  z
    .string()
    .min(1)
    .max(most)
    .meta({ description: meaning, allowed: `a text of 1 to ${most} characters` });

const link = (meaning: string) =>
  z
    .string()
    .max(2_000)
    .regex(/^https?:\/\/[^\s<>"]+$/)
    .refine((value) => URL.canParse(value))
    .meta({ description: meaning, allowed: 'an http:// or https:// URL' });

const contact = z
  .strictObject({
    name: text(100, 'Who answers.').optional(),
    url: link('Where they are.').optional(),
    email: z
      .string()
      .max(200)
      .regex(/^[^\s@<>"]+@[^\s@<>"]+$/)
      .meta({ description: 'How they are written to.', allowed: 'an address such as help@example.com' })
      .optional(),
  })
  .meta({ description: 'Whom people may ask.', allowed: 'a mapping with name, url, email' });

/** `catalog`: what the gateway says about what it sells. */
export const catalogSchema = z
  .union([
    z.literal(false),
    z.strictObject({
      title: text(100, 'Name of the service. Default: the host of realm.').optional(),
      description: text(2_000, 'What it is, in a sentence or two.').optional(),
      version: text(50, 'Version of the API. Default: that of the OpenAPI file, or 1.0.0.').optional(),
      origin: z
        .string()
        .max(200)
        .regex(/^https?:\/\/[^\s/?#@<>"]+$/)
        .refine((value) => URL.canParse(value))
        .meta({
          description: 'Where buyers reach the gateway. Default: realm where that is an origin.',
          allowed: 'an origin such as https://api.example.com',
        })
        .optional(),
      categories: z
        .array(
          z
            .string()
            .max(40)
            .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/)
            .meta({ allowed: 'a word in lower case such as developer-tools' }),
        )
        .max(5)
        .meta({
          description: 'For registries; communication, compute, data, developer-tools, media and so on.',
          allowed: 'a list of at most 5 words in lower case',
        })
        .optional(),
      docs: link('A page about the service for people. Default: /docs.').optional(),
      contact: contact.optional(),
      openapi: z
        .string()
        .min(1)
        .meta({
          description: 'Your OpenAPI 3 file, JSON or YAML: what it says about what the routes serve is kept.',
          allowed: 'a path',
        })
        .optional(),
      docs_folder: z
        .string()
        .min(1)
        .meta({
          description: 'A folder with Markdown files of yours, served under /docs.',
          allowed: 'a path',
        })
        .optional(),
      over_wildcards: z
        .boolean()
        .meta({
          description:
            'Serve the documents where only a route with * or :name covers their path too. Default false: every route wins.',
          allowed: 'true or false',
        })
        .optional(),
    }),
  ])
  .meta({
    description: 'OpenAPI, llms.txt and pages about the routes, made from them. On by default.',
    allowed:
      'false, or a mapping with title, description, version, origin, categories, docs, contact, openapi, docs_folder, over_wildcards',
  });

/** `catalog` of a route. */
export const routeCatalogSchema = z
  .union([
    z.literal(false),
    z.strictObject({
      group: text(60, 'Its heading. Default: the tag in your OpenAPI file, or from the path.').optional(),
      summary: text(120, 'Its line in lists. Default: description.').optional(),
      example: z
        .string()
        .max(1_000)
        .regex(/^\/[^\s#'"<>\\`]*$/)
        .meta({
          description: 'A path, with a query if need be, that one may try.',
          allowed: 'a path that match fits, such as /v1/things/7?size=2',
        })
        .optional(),
    }),
  ])
  .meta({
    description: 'How the catalogue shows the route; false: not at all.',
    allowed: 'false, or a mapping with group, summary, example',
  });
