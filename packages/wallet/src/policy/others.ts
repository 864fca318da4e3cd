/** Others may write neither the policy nor its folder, where they could put another in its place: they could raise the limits. */
const othersMayWriteBits = 0o022;

/** What a file system says of a file or a folder; `uid` is the number of its owner. */
export interface Ownership {
  readonly mode: number;
  readonly uid: number;
}

/** How others can change a file or a folder: it is open to them, or it is theirs. */
export type OthersRight = 'may-write' | 'own';

/**
 * Whether somebody else than this process's user and root can change a file or a folder. Undefined: nobody can, or the
 * system has no such owners and modes (Windows).
 *
 * @param ownUid the user of this process; undefined where there are no such numbers
 */
export function othersRight(found: Ownership, ownUid: number | undefined): OthersRight | undefined {
  if (ownUid === undefined) return undefined;
  // Who owns it can give back every right that is taken from it.
  if (found.uid !== ownUid && found.uid !== 0) return 'own';
  return (found.mode & othersMayWriteBits) === 0 ? undefined : 'may-write';
}
