import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { type Recording, recordings } from './recordings.js';

/** What the facade wants to see in `Authorization`, and what its tests search every answer for. */
export const rpcPassword = 'correct-horse-battery-staple';

/** How the facade answers one method instead of by its recordings. */
export type Behaviour = (answer: ServerResponse, params: unknown) => void;

/** A stand-in for Bitcoin Core: a real HTTP server that speaks JSON-RPC 1.0 and answers with recordings. */
export interface Facade {
  url: string;
  /** Every call as `method params`, in the order of arrival. */
  readonly calls: string[];
  /** Every `Authorization` that came. */
  readonly authorizations: (string | undefined)[];
  /** From now on answers `method` so, whatever its parameters. */
  behave(method: string, behaviour: Behaviour): void;
  close(): Promise<void>;
}

/** Starts the facade. @param accepted the one `Authorization` value let in */
export async function startFacade(accepted = `Basic ${btoa(`me:${rpcPassword}`)}`): Promise<Facade> {
  const calls: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const behaviours = new Map<string, Behaviour>();
  const server = createServer((request, answer) => void respond(request, answer));
  const respond = async (request: IncomingMessage, answer: ServerResponse): Promise<void> => {
    authorizations.push(request.headers.authorization);
    const { id, method, params } = readCall(await text(request));
    const call = `${method} ${JSON.stringify(params)}`;
    calls.push(call);
    if (request.headers.authorization !== accepted) {
      answer.writeHead(401).end();
      return;
    }
    const behaviour = behaviours.get(method);
    if (behaviour !== undefined) behaviour(answer, params);
    else reply(answer, recordings[call] ?? methodNotFound, id);
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The facade listens on no port.');
  return {
    url: `http://127.0.0.1:${address.port}/`,
    calls,
    authorizations,
    behave: (method, behaviour) => void behaviours.set(method, behaviour),
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** Answers as Bitcoin Core 27 does. */
export function reply(answer: ServerResponse, recording: Recording, id: unknown = 1): void {
  const ok = 'result' in recording;
  answer.writeHead(ok ? 200 : recording.status, { 'content-type': 'application/json' });
  const result = ok ? recording.result : 'null';
  const error = ok ? 'null' : JSON.stringify(recording.error);
  answer.end(`{"result":${result},"error":${error},"id":${JSON.stringify(id)}}\n`);
}

const methodNotFound: Recording = { status: 404, error: { code: -32601, message: 'Method not found' } };

function readCall(body: string): { id: unknown; method: string; params: unknown } {
  const call: unknown = JSON.parse(body);
  if (typeof call !== 'object' || call === null || !('method' in call) || typeof call.method !== 'string') {
    throw new Error('The API sent no JSON-RPC call.');
  }
  return {
    id: 'id' in call ? call.id : null,
    method: call.method,
    params: 'params' in call ? call.params : [],
  };
}
