import type { Zones } from '../zone/zones.js';
import { rcodes } from './codes.js';
import { type Request, readRequest } from './request.js';
import { resolve } from './resolve.js';
import { type ResponseParts, tcpAnswerBytesMax, udpLimit, writeResponse } from './response.js';

/** How a message came. */
export type Transport = 'udp' | 'tcp';

/** Answers one message; undefined where there is to be no answer. Never rejects. */
export type Responder = (message: Uint8Array, transport: Transport) => Promise<Buffer | undefined>;

/** Makes the responder of the zones. `onError` hears of what the directory threw; the asker gets SERVFAIL. */
export function createResponder(zones: Zones, onError: (error: unknown) => void): Responder {
  return async (message, transport) => {
    const request = readRequest(message);
    if (request.kind === 'drop') return undefined;
    const limit = transport === 'udp' ? udpLimit(request.edns) : tcpAnswerBytesMax;
    try {
      return writeResponse(await answerOf(zones, request), limit);
    } catch (error) {
      onError(error);
      return writeResponse({ ...partsOf(request), rcode: rcodes.servFail }, limit);
    }
  };
}

/** What of a request its answer repeats, without any record. */
export function partsOf(request: Exclude<Request, { kind: 'drop' }>): ResponseParts {
  const { head } = request;
  const edns = request.edns === undefined ? {} : { edns: request.edns };
  if (request.kind === 'query') {
    const { raw, name } = request.question;
    return { head, question: raw, name, rcode: rcodes.noError, ...edns };
  }
  return {
    head,
    ...(request.raw === undefined ? {} : { question: request.raw }),
    rcode: request.rcode,
    ...edns,
  };
}

async function answerOf(zones: Zones, request: Exclude<Request, { kind: 'drop' }>): Promise<ResponseParts> {
  const parts = partsOf(request);
  if (request.kind === 'refuse') return parts;
  return { ...parts, ...(await resolve(zones, request.question.name, request.question.type)) };
}
