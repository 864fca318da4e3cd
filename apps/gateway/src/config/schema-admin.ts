import { z } from 'zod';
import { LISTEN_PATTERN, parseListen } from './listen.js';

/** `admin`. */
export const adminSchema = z
  .strictObject({
    listen: z
      .string()
      .regex(LISTEN_PATTERN)
      .refine((text) => parseListen(text) !== undefined)
      .meta({
        description:
          'Where the admin API listens. Default 127.0.0.1:8403. It speaks plain HTTP: keep it on this machine.',
        allowed: 'host:port',
      })
      .optional(),
    token_file: z.string().min(1).meta({
      description:
        'A file with the bearer token, mode 0600. A token is made and kept there where the file is missing.',
      allowed: 'a path',
    }),
  })
  .meta({
    description: 'The admin API, on a listener of its own.',
    allowed: 'a mapping with listen, token_file',
  });
