import { appendFileSync } from 'node:fs';

/** What Node hands from one step of resolving to the next. */
interface Resolved {
  readonly url: string;
}

let record = '';

/** Told where to write. */
export function initialize(path: string): void {
  record = path;
}

/** Writes down every module that is resolved, and changes nothing. */
export async function resolve(
  specifier: string,
  context: unknown,
  next: (specifier: string, context: unknown) => Promise<Resolved>,
): Promise<Resolved> {
  const resolved = await next(specifier, context);
  appendFileSync(record, `${resolved.url}\n`);
  return resolved;
}
