/** What is changed in a header section on its way through. Names are compared in lower case. */
export interface HeaderRules {
  /** Names, in lower case, of fields that are left out: those to remove, and those that `add` replaces. */
  readonly drop: ReadonlySet<string>;
  /** Fields that are put in: flat list. Holds no Host. */
  readonly add: readonly string[];
  /** Replaces the Host field of a request. */
  readonly host: string | undefined;
}

/** What is changed in the header sections of one route. Undefined where nothing is: the usual case costs nothing. */
export interface RouteHeaderRules {
  readonly request: HeaderRules | undefined;
  readonly answer: HeaderRules | undefined;
}

/** Changes as one level of the configuration (upstream, route) has them, with their values read. */
export interface HeaderChange {
  /** Pairs of name and value. */
  readonly set: readonly (readonly [name: string, value: string])[];
  readonly remove: readonly string[];
}

/** Puts the changes of several levels together; a later one replaces what an earlier one set. */
export function headerRules(levels: readonly HeaderChange[]): HeaderRules | undefined {
  const drop = new Set<string>();
  const set = new Map<string, readonly [name: string, value: string]>();
  for (const level of levels) {
    for (const name of level.remove) {
      drop.add(name.toLowerCase());
      set.delete(name.toLowerCase());
    }
    for (const field of level.set) set.set(field[0].toLowerCase(), field);
  }
  const host = set.get('host')?.[1];
  set.delete('host');
  for (const name of set.keys()) drop.add(name);
  if (drop.size === 0 && host === undefined) return undefined;
  return { drop, add: [...set.values()].flat(), host };
}
