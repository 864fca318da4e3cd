import * as ldk from 'lightningdevkit';
import type { NodeCore, Outbox } from './core.js';

let nextSocketId = 1n;

/** One end of an in-memory connection. */
class Socket implements Outbox {
  readonly id = nextSocketId++;
  readonly node: NodeCore;
  readonly descriptor: ldk.SocketDescriptor;
  peer: Socket | undefined;
  closed = false;
  #waiting: Buffer[] = [];

  constructor(node: NodeCore) {
    this.node = node;
    this.descriptor = ldk.SocketDescriptor.new_impl({
      send_data: (data) => {
        this.#waiting.push(Buffer.from(data));
        node.kick();
        return data.length;
      },
      disconnect_socket: () => {
        this.closed = true;
        this.peer?.hangUp();
      },
      eq: (other) => other.hash() === this.id,
      hash: () => this.id,
    });
    node.outboxes.add(this);
  }

  /** Bytes leave here only, after the snapshot, and arrive in a later turn: LDK is never entered twice. */
  flush(): void {
    if (this.#waiting.length === 0) return;
    const data = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.send(data);
  }

  send(data: Uint8Array): void {
    this.node.activity.begin();
    setImmediate(() => {
      this.peer?.receive(data);
      this.node.activity.end();
    });
  }

  receive(data: Uint8Array): void {
    if (this.closed || this.node.stopped) return;
    this.node.run(() => {
      const read = this.node.parts.peers.read_event(this.descriptor, data);
      if (!read.is_ok()) {
        this.closed = true;
        this.peer?.hangUp();
      }
    });
  }

  /** The other end is gone. In a later turn, since it may be told from a callback. */
  hangUp(): void {
    if (this.closed) return;
    this.closed = true;
    setImmediate(() => this.node.run(() => this.node.parts.peers.socket_disconnected(this.descriptor)));
  }
}

/** Connects two nodes of one devnet with a pipe in memory that carries the real, encrypted Lightning transport. */
export function connectNodes(from: NodeCore, to: NodeCore): void {
  const outbound = new Socket(from);
  const inbound = new Socket(to);
  outbound.peer = inbound;
  inbound.peer = outbound;
  const unnamed = ldk.Option_SocketAddressZ.constructor_none();
  const accepted = to.parts.peers.new_inbound_connection(inbound.descriptor, unnamed);
  const id = Buffer.from(to.nodeId, 'hex');
  const dialled = from.parts.peers.new_outbound_connection(id, outbound.descriptor, unnamed);
  if (!accepted.is_ok() || !(dialled instanceof ldk.Result_CVec_u8ZPeerHandleErrorZ_OK)) {
    throw new Error('Two nodes of the devnet cannot be connected.');
  }
  outbound.send(dialled.res);
}
