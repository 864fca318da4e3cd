import { connect } from 'node:net';
import * as ldk from 'lightningdevkit';
import type { EmbeddedNode } from './inside-devnet.js';

let nextSocketId = 1n << 32n;

/** Connects a node of the devnet to a Lightning node that listens on this machine, over TCP. */
export async function connectOverTcp(
  node: EmbeddedNode,
  peerId: string,
  port: number,
): Promise<{ close(): void }> {
  const { core } = node;
  const socket = connect({ host: '127.0.0.1', port });
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  const id = nextSocketId++;
  let waiting: Buffer[] = [];
  let closed = false;
  // rust-lightning holds it weakly: it lives as long as the closures below.
  const descriptor = ldk.SocketDescriptor.new_impl({
    send_data: (data) => {
      waiting.push(Buffer.from(data));
      core.kick();
      return data.length;
    },
    disconnect_socket: () => {
      closed = true;
      socket.destroy();
    },
    eq: (other) => other.hash() === id,
    hash: () => id,
  });
  // Bytes leave only after the node's own pump, as between nodes of the devnet.
  core.outboxes.add({
    flush() {
      const data = waiting;
      waiting = [];
      if (!closed && data.length > 0) socket.write(Buffer.concat(data));
    },
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    if (closed) return;
    closed = true;
    core.run(() => core.parts.peers.socket_disconnected(descriptor));
  });
  const unnamed = ldk.Option_SocketAddressZ.constructor_none();
  const dialled = core.parts.peers.new_outbound_connection(Buffer.from(peerId, 'hex'), descriptor, unnamed);
  if (!(dialled instanceof ldk.Result_CVec_u8ZPeerHandleErrorZ_OK))
    throw new Error('The peer cannot be dialled.');
  socket.on('data', (data) => {
    core.run(() => {
      if (!core.parts.peers.read_event(descriptor, data).is_ok()) socket.destroy();
    });
  });
  socket.write(dialled.res);
  return { close: () => socket.destroy() };
}
