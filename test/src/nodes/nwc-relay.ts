import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { type Event, verifyEvent } from 'nostr-tools/pure';
import { type WebSocket, WebSocketServer } from 'ws';

/** A filter of NIP-01, as far as wallets and their clients use it. */
interface Filter {
  readonly kinds?: readonly number[];
  readonly authors?: readonly string[];
  readonly limit?: number;
  readonly '#e'?: readonly string[];
  readonly '#p'?: readonly string[];
}

/** How a relay behaves. */
export interface RelayOptions {
  /** Serves only those who have proved who they are (NIP-42). */
  readonly authRequired?: boolean;
  /** What is delivered in place of an event; a hostile relay's hand. */
  readonly deliver?: (event: Event) => readonly Event[];
  /** Why it says that it refused an event which it passes on all the same; undefined for the truth. */
  readonly refuse?: (event: Event) => string | undefined;
  /** What is brought in place of the info events that it has stored. */
  readonly stored?: (events: readonly Event[]) => readonly Event[];
}

/** A Nostr relay on loopback: it verifies, stores info events, and passes on all others to who is listening. */
export interface TestRelay {
  readonly port: number;
  /** Events of a kind that it took, in their order. */
  taken(kind: number): readonly Event[];
  close(): Promise<void>;
}

const infoKind = 13194;
const authKind = 22242;

/** Starts a relay. */
export async function startRelay(options: RelayOptions = {}): Promise<TestRelay> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', reject);
  });
  const taken: Event[] = [];
  const clients = new Set<Client>();
  const deliver = (event: Event) => {
    for (const each of options.deliver?.(event) ?? [event]) {
      for (const client of clients) client.offer(each, event);
    }
  };
  server.on('connection', (socket) => {
    const client = new Client(socket, options, taken, deliver);
    clients.add(client);
    socket.on('close', () => clients.delete(client));
    socket.on('error', () => socket.terminate());
  });
  // A listening TCP server has an AddressInfo; strings are for pipes.
  const { port } = server.address() as AddressInfo;
  return {
    port,
    taken: (kind) => taken.filter((event) => event.kind === kind),
    close: () =>
      new Promise((resolve) => {
        for (const socket of server.clients) socket.terminate();
        server.close(() => resolve());
      }),
  };
}

class Client {
  readonly #socket: WebSocket;
  readonly #options: RelayOptions;
  readonly #challenge = randomBytes(16).toString('hex');
  readonly #filters = new Map<string, Filter>();
  readonly #taken: Event[];
  readonly #deliver: (event: Event) => void;
  #admitted: boolean;

  constructor(socket: WebSocket, options: RelayOptions, taken: Event[], deliver: (event: Event) => void) {
    const { authRequired = false } = options;
    this.#options = options;
    this.#socket = socket;
    this.#taken = taken;
    this.#deliver = deliver;
    this.#admitted = !authRequired;
    if (authRequired) this.#say(['AUTH', this.#challenge]);
    socket.on('message', (data) => this.#read(JSON.parse(String(data))));
  }

  /** Sends an event to the subscriptions that the original would go to. */
  offer(event: Event, original: Event): void {
    for (const [id, filter] of this.#filters) if (matches(filter, original)) this.#say(['EVENT', id, event]);
  }

  #read(message: unknown): void {
    if (!Array.isArray(message)) return;
    const [verb, first, second] = message;
    if (verb === 'CLOSE') this.#filters.delete(first);
    else if (verb === 'AUTH') this.#authenticate(first);
    else if (verb === 'REQ') this.#subscribe(first, second);
    else if (verb === 'EVENT') this.#publish(first);
  }

  #authenticate(event: Event): void {
    const proves = event.tags.some(([name, value]) => name === 'challenge' && value === this.#challenge);
    const genuine = event.kind === authKind && proves && verifyEvent(event);
    if (genuine) this.#admitted = true;
    this.#say(['OK', event.id, genuine, genuine ? '' : 'restricted: that is no proof']);
  }

  #subscribe(id: string, filter: Filter): void {
    if (!this.#admitted) {
      this.#say(['CLOSED', id, 'auth-required: who are you?']);
      return;
    }
    this.#filters.set(id, filter);
    const stored = this.#taken.filter((event) => event.kind === infoKind && matches(filter, event));
    const newest = stored.slice(-(filter.limit ?? stored.length));
    for (const event of this.#options.stored?.(newest) ?? newest) this.#say(['EVENT', id, event]);
    this.#say(['EOSE', id]);
  }

  #publish(event: Event): void {
    const refused = this.#admitted ? undefined : 'auth-required: who are you?';
    const reason = refused ?? (verifyEvent(event) ? undefined : 'invalid: bad signature');
    if (reason !== undefined) {
      this.#say(['OK', event.id, false, reason]);
      return;
    }
    this.#taken.push(event);
    const lie = this.#options.refuse?.(event);
    this.#say(['OK', event.id, lie === undefined, lie ?? '']);
    this.#deliver(event);
  }

  #say(message: unknown[]): void {
    this.#socket.send(JSON.stringify(message));
  }
}

function matches(filter: Filter, event: Event): boolean {
  const tagged = (name: string, wanted: readonly string[] | undefined) =>
    wanted === undefined || event.tags.some(([tag, value]) => tag === name && wanted.includes(value ?? ''));
  return (
    (filter.kinds?.includes(event.kind) ?? true) &&
    (filter.authors?.includes(event.pubkey) ?? true) &&
    tagged('e', filter['#e']) &&
    tagged('p', filter['#p'])
  );
}
