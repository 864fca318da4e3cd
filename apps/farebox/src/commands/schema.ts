import type { Command } from 'commander';
import { usageError } from '../cli-error.js';

/** Adds `farebox schema`. */
export function registerSchema(program: Command): void {
  program
    .command('schema')
    .description('the JSON Schema of what a command writes with --json')
    .argument('[command...]', 'the command, such as pay request; error for what goes to stderr')
    .addHelpText(
      'after',
      `
Without a command, lists those that have one. A schema is that of the object on stdout, or of each line where a command
writes JSON Lines. New members may come with a new version; those that are there stay.

Examples:
  farebox schema
  farebox schema pay request
  farebox schema error`,
    )
    .action(run);
}

async function run(words: readonly string[]): Promise<void> {
  const { commandSchemas, errorJsonSchema, findCommandSchema, jsonSchemaOf } = await import(
    '../schemas/registry.js'
  );
  const command = words.join(' ');
  if (command === '') {
    process.stdout.write(`${[...commandSchemas.map((row) => row.command), 'error'].join('\n')}\n`);
    return;
  }
  const row = findCommandSchema(command);
  if (row === undefined && command !== 'error') {
    throw usageError(`There is no schema of ${JSON.stringify(command)}; list them with: farebox schema`);
  }
  const schema = row === undefined ? errorJsonSchema() : jsonSchemaOf(row);
  process.stdout.write(`${JSON.stringify(schema, undefined, 2)}\n`);
}
