import { createServer, type Server, type Socket } from 'node:net';
import { networkOf } from './rate-limit.js';
import { queryBytesMax } from './request.js';
import type { Responder } from './responder.js';

/** Bounds of the TCP side (RFC 7766 §6). */
export interface TcpBounds {
  /** Connections at a time, in all. */
  readonly connectionsMax: number;
  /** Connections at a time from one network (IPv4 /24, IPv6 /56). */
  readonly connectionsPerNetworkMax: number;
  /** How long a connection may go without a complete query or with answers unread, milliseconds. */
  readonly idleMs: number;
}

/** What is taken where nothing is said. */
export const defaultTcpBounds: TcpBounds = {
  connectionsMax: 256,
  connectionsPerNetworkMax: 32,
  idleMs: 10_000,
};

/** What the listener needs. */
export interface TcpOptions {
  readonly host: string;
  readonly port: number;
  readonly respond: Responder;
  readonly bounds: TcpBounds;
  readonly onError: (error: unknown) => void;
}

/** The TCP side: the listener, and an end to all its connections. */
export interface TcpSide {
  readonly server: Server;
  close(): Promise<void>;
}

/** Listens and answers. Rejects where the address cannot be had. */
export async function serveTcp(options: TcpOptions): Promise<TcpSide> {
  const { host, port, bounds, onError } = options;
  const open = new Set<Socket>();
  const byNetwork = new Map<string, number>();
  // Whoever has sent all its queries may say so and still gets the answers.
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const network = networkOf(socket.remoteAddress ?? '');
    const near = byNetwork.get(network) ?? 0;
    if (open.size >= bounds.connectionsMax || near >= bounds.connectionsPerNetworkMax) {
      socket.destroy();
      return;
    }
    open.add(socket);
    byNetwork.set(network, near + 1);
    socket.on('close', () => {
      open.delete(socket);
      const left = (byNetwork.get(network) ?? 1) - 1;
      if (left > 0) byNetwork.set(network, left);
      else byNetwork.delete(network);
    });
    // Resets are the peer's affair; 'close' follows.
    socket.on('error', () => {});
    converse(socket, options).catch((error: unknown) => {
      socket.destroy();
      onError(error);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  server.on('error', onError);
  return {
    server,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

/**
 * Answers the queries of one connection one after the other. While one is at work nothing more is read than the socket's
 * buffers hold, so a flood of queries waits at its sender. The clock starts again only with a complete query, so that
 * whoever sends a byte at a time is cut off too.
 */
async function converse(socket: Socket, { respond, bounds }: TcpOptions): Promise<void> {
  let timer = setTimeout(() => socket.destroy(), bounds.idleMs);
  const progress = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => socket.destroy(), bounds.idleMs);
  };
  let held: Buffer = Buffer.alloc(0);
  try {
    for await (const chunk of chunksOf(socket)) {
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      for (;;) {
        const length = held.length < 2 ? undefined : held.readUInt16BE(0);
        if (length !== undefined && length > queryBytesMax) return;
        if (length === undefined || held.length < 2 + length) break;
        const message = held.subarray(2, 2 + length);
        held = held.subarray(2 + length);
        progress();
        const answer = await respond(message, 'tcp');
        // What is no query gets no answer; over TCP that ends the conversation.
        if (answer === undefined) return;
        const framed = Buffer.concat([Buffer.alloc(2), answer]);
        framed.writeUInt16BE(answer.length, 0);
        if (!socket.write(framed) && !(await drained(socket))) return;
        progress();
      }
    }
  } catch (error) {
    if (!socket.destroyed) throw error;
  } finally {
    clearTimeout(timer);
    socket.end();
    // Should the peer never read the rest, it is not waited for.
    socket.setTimeout(bounds.idleMs, () => socket.destroy());
  }
}

async function* chunksOf(socket: Socket): AsyncGenerator<Buffer> {
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    if (Buffer.isBuffer(chunk)) yield chunk;
  }
}

/** Waits until the peer has read; false where it is gone. */
function drained(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (still: boolean) => () => {
      socket.off('drain', onDrain);
      socket.off('close', onClose);
      resolve(still);
    };
    const onDrain = settle(true);
    const onClose = settle(false);
    socket.once('drain', onDrain);
    socket.once('close', onClose);
    if (socket.destroyed) onClose();
  });
}
