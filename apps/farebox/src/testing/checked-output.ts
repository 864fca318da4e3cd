import { AjvJsonSchemaValidator } from '@modelcontextprotocol/sdk/validation/ajv';
import type { CommandSchema } from '../schemas/command-schema.js';
import { commandSchemas, jsonSchemaOf } from '../schemas/registry.js';

const validator = new AjvJsonSchemaValidator();

/** The row of the command that these words begin with: the longest one. */
export function rowOf(words: readonly string[]): CommandSchema | undefined {
  const given = words.filter((word) => !word.startsWith('-')).join(' ');
  return commandSchemas
    .filter(({ command }) => given === command || given.startsWith(`${command} `))
    .sort((a, b) => b.command.length - a.command.length)[0];
}

/**
 * Holds what a command wrote to stdout against its schema, twice: the closed one, so that no member is undocumented, and
 * the published JSON Schema, as others read it. Throws what is wrong.
 */
export function checkOutput(words: readonly string[], stdout: string): void {
  const row = rowOf(words);
  if (row === undefined)
    throw new Error(`farebox ${words.join(' ')} has no schema; add a row in src/schemas`);
  const lines = stdout
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '');
  if (!row.lines && lines.length !== 1) throw new Error(`farebox ${row.command} wrote ${lines.length} lines`);
  // The shape that the validator's own type asks for; it is JSON Schema by construction.
  const validate = validator.getValidator(jsonSchemaOf(row) as Parameters<typeof validator.getValidator>[0]);
  for (const line of lines) {
    const value: unknown = JSON.parse(line);
    const closed = row.schema.safeParse(value);
    if (!closed.success) throw new Error(`farebox ${row.command}: ${closed.error.message}\n${line}`);
    const published = validate(value);
    if (!published.valid) throw new Error(`farebox ${row.command}: ${published.errorMessage}\n${line}`);
  }
}
