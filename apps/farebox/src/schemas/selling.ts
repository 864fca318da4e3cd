import { z } from 'zod';
import { type CommandSchema, writes, writesLines } from './command-schema.js';
import { time } from './parts.js';

const ok = z.literal(true);

const key = z.strictObject({
  id: z.string(),
  name: z.string(),
  shown: z.string(),
  state: z.enum(['active', 'expired', 'revoked']),
  plan: z.string(),
  scopes: z.array(z.string()),
  created: time,
  expires: time.nullable(),
  revoked: time.nullable(),
  rotated: time.nullable(),
  oldUntil: time.nullable(),
  lastUsed: time.nullable(),
});

const issued = key.extend({ ok, key: z.string().describe('The key itself. Secret; shown this once') });
const one = key.extend({ ok });

// What the admin API of a gateway answers is handed on as it is; its own document says what is in it.
const rows = z.array(z.looseObject({}));

/** What the commands of keys and of the admin API write. */
export const sellingSchemas: readonly CommandSchema[] = [
  writes('keys create', issued),
  writes('keys rotate', issued),
  writesLines('keys list', key),
  writes('keys show', one),
  writes('keys revoke', one),
  writes('admin state', z.looseObject({ ok, status: z.string() })),
  writes('admin routes', z.looseObject({ ok, routes: rows })),
  writes('admin keys', z.looseObject({ ok, keys: rows })),
  writes(
    'admin claims',
    z.union([z.looseObject({ ok, claims: rows }), z.looseObject({ ok, claim: z.int() })]),
  ),
  writes('admin revenue', z.looseObject({ ok, rows })),
];
