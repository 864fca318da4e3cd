/** What is read of the OpenAPI document of a running gateway. */
export interface ServedOpenapi {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, ServedOperation>>>>;
}

/** One operation of it. */
export interface ServedOperation {
  readonly tags?: readonly string[];
  readonly responses: Readonly<Record<string, unknown>>;
  readonly 'x-payment-info'?: { readonly offers: readonly Readonly<Record<string, unknown>>[] };
}

/** One operation with where it is. */
export interface ListedOperation {
  readonly method: string;
  readonly path: string;
  readonly operation: ServedOperation;
}

/** Fetches `/openapi.json` and lists its operations. */
export async function listedOperations(url: string): Promise<ListedOperation[]> {
  const answer = await fetch(`${url}/openapi.json`);
  if (answer.status !== 200) throw new Error(`The catalogue answers ${answer.status}.`);
  const document: ServedOpenapi = JSON.parse(await answer.text());
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
}

/** A path that one may ask for: every name in braces is given a value. */
export function askablePath(template: string): string {
  return template.replace(/\{[^{}]*\}/g, 'some');
}
