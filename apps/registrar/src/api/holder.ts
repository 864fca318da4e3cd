/** For whom a name is locked that is ordered without a key: whoever is at that address. */
export function clientSubject(client: string): string {
  return `client:${client}`;
}
