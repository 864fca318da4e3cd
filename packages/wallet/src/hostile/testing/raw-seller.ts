import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { type Challenge, type Credential, parseCredential, serializeChallenge } from '@farebox/protocol';

/** One request to a seller that answers byte for byte. */
export interface RawTurn {
  readonly credential: Credential | undefined;
  readonly socket: Socket;
  /** The request line and the header fields, as they came. */
  readonly head: string;
  readonly body: string;
}

/** A server that speaks bytes, for what an HTTP library would refuse to say. */
export class RawSeller {
  url = '';
  readonly turns: RawTurn[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #behave: (turn: RawTurn) => unknown = ({ socket }) => socket.destroy();

  constructor() {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => undefined);
      this.#read(socket);
    });
  }

  behave(behave: (turn: RawTurn) => unknown): void {
    this.#behave = behave;
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    // A TCP server that listens has an address of this form.
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Cuts the stream of a connection into requests. */
  #read(socket: Socket): void {
    let text = '';
    socket.setEncoding('latin1').on('data', (part: string) => {
      text += part;
      for (let cut = text.indexOf('\r\n\r\n'); cut >= 0; cut = text.indexOf('\r\n\r\n')) {
        const head = text.slice(0, cut);
        const end = cut + 4 + Number(fieldOf(head, 'content-length') ?? 0);
        if (text.length < end) return;
        const body = text.slice(cut + 4, end);
        text = text.slice(end);
        this.#turn({ credential: credentialOf(head), socket, head, body });
      }
    });
  }

  #turn(turn: RawTurn): void {
    this.turns.push(turn);
    void this.#behave(turn);
  }
}

function fieldOf(head: string, name: string): string | undefined {
  return new RegExp(`^${name}: *(.*)$`, 'im').exec(head)?.[1]?.trim();
}

function credentialOf(head: string): Credential | undefined {
  const parsed = parseCredential(fieldOf(head, 'authorization') ?? '');
  return parsed.ok ? parsed.value : undefined;
}

/** The bytes of a 402 with one challenge and nothing else. */
export function bytesOf402(challenge: Challenge | string): string {
  const value = typeof challenge === 'string' ? challenge : serializeChallenge(challenge);
  return `HTTP/1.1 402 Payment Required\r\nWWW-Authenticate: ${value}\r\nContent-Length: 0\r\n\r\n`;
}

/** Writes a piece again and again until the other side has gone. */
export function drip(socket: Socket, piece: string): void {
  const timer = setInterval(() => socket.write(piece), 10);
  socket.on('close', () => clearInterval(timer));
}
