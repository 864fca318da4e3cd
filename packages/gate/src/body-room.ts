/** Most bytes of bodies that are held at a time, all requests together. */
export const heldBodyBytesMax = 64 * 1024 * 1024;
/** What part of the room one client may have, and what part is kept for whoever comes with a credential: an eighth. */
const shares = 8;

/** Room for bodies. */
export interface BodyRoom {
  /** False when there is no room for so many more bytes. */
  take(bytes: number): boolean;
  give(bytes: number): void;
}

/** Makes a room without shares. */
export function createBodyRoom(bytesMax = heldBodyBytesMax): BodyRoom {
  let held = 0;
  return {
    take(bytes) {
      if (held + bytes > bytesMax) return false;
      held += bytes;
      return true;
    },
    give(bytes) {
      held -= bytes;
    },
  };
}

/** Whose body is to be held. */
export interface BodyOwner {
  /** Who asks; undefined: nobody in particular, who has no share to keep to. */
  readonly client: string | undefined;
  /** True: the request comes with a payment credential. It has not been looked at: the body is read first. */
  readonly presents: boolean;
  /** Largest body, in bytes; no share is smaller. */
  readonly bytesMax: number;
}

/** The room of one request. */
export interface OwnRoom extends BodyRoom {
  /** It is to be served: what it holds is its client's share no longer, and only the whole room bounds it. */
  admitted(): void;
}

/** A room that many clients share. */
export interface SharedRoom {
  open(owner: BodyOwner): OwnRoom;
}

/**
 * Makes a room in which one client cannot take the place of all others, however many slow bodies it sends, and in which
 * those that have nothing to show leave an eighth for those that come with a credential: they may have paid.
 */
export function createSharedRoom(bytesMax = heldBodyBytesMax): SharedRoom {
  const share = Math.floor(bytesMax / shares);
  // Apart from each other: what somebody asks for does not stand in the way of what they have paid for.
  const asking = new Map<string, number>();
  const presenting = new Map<string, number>();
  let held = 0;
  return {
    open({ client, presents, bytesMax: bodyBytesMax }) {
      const clients = presents ? presenting : asking;
      const clientBytesMax = Math.max(share, bodyBytesMax);
      const allBytesMax = presents ? bytesMax : Math.min(bytesMax, Math.max(bytesMax - share, bodyBytesMax));
      let counted = client;
      let own = 0;
      const count = (bytes: number): void => {
        if (counted === undefined) return;
        const now = (clients.get(counted) ?? 0) + bytes;
        if (now === 0) clients.delete(counted);
        else clients.set(counted, now);
      };
      return {
        take(bytes) {
          if (held + bytes > allBytesMax) return false;
          if (counted !== undefined && (clients.get(counted) ?? 0) + bytes > clientBytesMax) return false;
          held += bytes;
          own += bytes;
          count(bytes);
          return true;
        },
        give(bytes) {
          held -= bytes;
          own -= bytes;
          count(-bytes);
        },
        admitted() {
          count(-own);
          counted = undefined;
        },
      };
    },
  };
}
