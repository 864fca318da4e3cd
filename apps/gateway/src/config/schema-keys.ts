import { z } from 'zod';
import { keyPrefixDefault, PREFIX_PATTERN } from '../keys/secret.js';

/** `keys`. */
export const keysSchema = z
  .strictObject({
    header: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9-]{0,62}$/)
      .refine((name) => !/^(?:authorization|payment-.*|host|content-.*|connection|cookie)$/i.test(name))
      .meta({
        description: 'The header field that holds a key. Default x-api-key.',
        allowed: 'the name of a header field that has no other meaning',
      })
      .optional(),
    prefix: z
      .string()
      .regex(PREFIX_PATTERN)
      .meta({
        description: `What new keys begin with. Default ${keyPrefixDefault}`,
        allowed: 'letters, digits, - and _, up to 32',
      })
      .optional(),
    store: z
      .string()
      .regex(/^sqlite:.+$/)
      .meta({
        description:
          'The file of keys. Default: beside the ledger. With the ledger in PostgreSQL, keys are there too and this is left out.',
        allowed: 'sqlite: and a path',
      })
      .optional(),
  })
  .meta({
    description: 'Sell by API key beside payment. Keys are made with farebox keys create.',
    allowed: 'a mapping with header, prefix, store, or {}',
  });
