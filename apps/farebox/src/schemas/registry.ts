import { z } from 'zod';
import { domainsSchemas } from '../domains/schemas.js';
import type { CommandSchema } from './command-schema.js';
import { ledgerSchemas } from './ledger.js';
import { errorReport } from './parts.js';
import { paySchemas } from './pay.js';
import { runningSchemas } from './running.js';
import { sellingSchemas } from './selling.js';
import { walletSchemas } from './wallet.js';
import { walletTempoSchemas } from './wallet-tempo.js';

/** Every command with `--json`, and what it writes. A new command adds its row in the file of its group. */
export const commandSchemas: readonly CommandSchema[] = [
  ...paySchemas,
  ...walletSchemas,
  ...walletTempoSchemas,
  ...ledgerSchemas,
  ...sellingSchemas,
  ...domainsSchemas,
  ...runningSchemas,
];

/** The row of a command, by the words that name it. */
export function findCommandSchema(command: string): CommandSchema | undefined {
  return commandSchemas.find((row) => row.command === command);
}

/** The JSON Schema (2020-12) of what a command writes to stdout, or a line of it. */
export function jsonSchemaOf({ command, schema, lines }: CommandSchema): object {
  const title = `farebox ${command} --json${lines ? ', each line' : ''}`;
  return { ...publish(schema), title };
}

/** The JSON Schema of what every command writes to stderr when it fails. */
export function errorJsonSchema(): object {
  return { ...publish(errorReport), title: 'farebox: errors with --json' };
}

/** Open: a new version may add members, and nobody's check has to fail over one. */
function publish(schema: z.ZodType): object {
  return z.toJSONSchema(schema, {
    target: 'draft-2020-12',
    override: ({ jsonSchema }) => {
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
    },
  });
}
