import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { storedAnswerBytesMax } from '@farebox/ledger';
import type { Answer } from './answer.js';
import type { Delivery } from './delivery.js';
import { clearFields, fieldsOf, holdHead, setSoldFields } from './held-head.js';
import { answerToKeep, isStream } from './kept-answer.js';
import { spareConnection } from './spare-connection.js';

/**
 * How long a listener that sells what is done once may go on after its client has left. One that has not ended its answer by
 * then will not: the outcome is unknown, for a person to look at.
 */
export const unheardListenerMsMax = 600_000;

/**
 * Holds what a listener writes until the payment is decided: the first write asks the delivery to commit (an answer that
 * is charged for) or to release (anything else), and what was written meanwhile leaves afterwards, in order. Where the
 * answer is to be kept, it is decided when the answer is whole, or turns out to be too large or a stream.
 *
 * To the listener the answer has begun, or ended, when it says so, as with node alone: what it has said by then is what was
 * decided about, so status and fields stand. What it writes after the end is dropped.
 *
 * A client that leaves before the answer is decided about is charged nothing. Only where the delivery must finish the
 * listener is waited for, and what it makes is kept.
 */
export function holdResponse(response: ServerResponse, delivery: Delivery): void {
  const write = response.write.bind(response);
  const end = response.end.bind(response);
  const flushHeaders = response.flushHeaders.bind(response);
  const destroy = response.destroy.bind(response);
  const head = holdHead(response);
  const queue: (() => void)[] = [];
  const chunks: Uint8Array[] = [];
  let length = 0;
  let phase: 'holding' | 'deciding' | 'open' | 'over' = 'holding';
  let ended = false;
  const sources = new Set<Readable>();
  let handedOver = () => {};
  /** The listener itself has broken the answer off. */
  let brokenOff = false;
  /** Runs where the client has left, and the listener is waited for. */
  let unheard: NodeJS.Timeout | undefined;

  function leave(): void {
    // What comes through a pipe will not come to its end: it goes no further than the connection.
    const waits = phase === 'holding' && delivery.mustFinish && !brokenOff && sources.size === 0;
    if (waits) unheard = setTimeout(giveUp, unheardListenerMsMax).unref();
    else giveUp();
  }

  // What the listener still writes is for nobody, and decides nothing.
  function giveUp(): void {
    clearTimeout(unheard);
    if (phase === 'holding') phase = 'over';
    delivery.cut();
  }

  function decideOnce(whole: boolean): void {
    if (phase !== 'holding') return;
    phase = 'deciding';
    // What the listener wrote may be no answer at all: its connection ends, and the payment is as good as cut.
    decide(whole).catch(() => {
      handedOver();
      response.destroy();
    });
  }

  async function decide(whole: boolean): Promise<void> {
    const { status } = head;
    const charged = delivery.charges(status);
    if (!charged) await delivery.release();
    const kept = whole && delivery.keepsAnswer ? answerToKeep(status, fieldsOf(response), chunks) : undefined;
    const outcome = charged ? await delivery.commit(status, kept) : undefined;
    if (unheard !== undefined) giveUp();
    const refused = outcome?.ok === false;
    phase = refused ? 'over' : 'open';
    head.letGo();
    Reflect.deleteProperty(response, 'writableEnded');
    try {
      if (refused) return sendInstead(outcome.answer);
      if (outcome !== undefined) setSoldFields(response, outcome.headers);
      for (const action of queue) action();
    } finally {
      handedOver();
    }
    if (!response.writableEnded) response.emit('drain');
  }

  function sendInstead(answer: Answer): void {
    // Nobody takes the rest of what was being piped; not before the refusal has left, since a pipeline takes both down.
    const left = [...sources];
    response.once('finish', () => {
      for (const source of left) source.destroy();
    });
    clearFields(response);
    response.statusMessage = '';
    response.writeHead(answer.status, answer.headers);
    end(answer.body);
  }

  /** True while more of the answer is waited for. */
  function collects(): boolean {
    return (
      phase === 'holding' &&
      delivery.keepsAnswer &&
      delivery.charges(head.status) &&
      length <= storedAnswerBytesMax &&
      !isStream(String(response.getHeader('content-type') ?? ''))
    );
  }

  function collect(chunk: unknown, encoding: unknown): void {
    const bytes = bytesOf(chunk, encoding);
    if (phase !== 'holding' || !delivery.keepsAnswer || bytes === undefined) return;
    chunks.push(bytes);
    length += bytes.length;
  }

  response.on('pipe', (source: Readable) => sources.add(source));
  response.on('unpipe', (source: Readable) => sources.delete(source));
  response.once('finish', () => delivery.answered());
  response.once('close', leave);
  response.destroy = (...args: unknown[]) => {
    brokenOff = true;
    if (unheard !== undefined) giveUp();
    return Reflect.apply(destroy, response, args);
  };
  Object.defineProperty(response, 'writableEnded', { configurable: true, get: () => ended });
  response.flushHeaders = () => {
    if (phase === 'open') return flushHeaders();
    if (ended || phase === 'over') return;
    head.stand();
    queue.push(flushHeaders);
    decideOnce(false);
  };
  response.write = (...args: unknown[]) => {
    if (ended || phase === 'over') return drop(args);
    const act = (): boolean => Reflect.apply(write, response, args);
    if (phase === 'open') return act();
    head.stand();
    queue.push(act);
    collect(args[0], args[1]);
    // Whoever collects takes more; otherwise the writer waits for the `drain`, as with any slow client.
    if (collects()) return true;
    decideOnce(false);
    return false;
  };
  response.end = (...args: unknown[]) => {
    if (ended || phase === 'over') drop(args);
    else {
      const act = () => Reflect.apply(end, response, args);
      ended = true;
      if (phase === 'open') act();
      else {
        head.stand();
        handedOver = spareConnection(response);
        queue.push(act);
        collect(args[0], args[1]);
        decideOnce(true);
      }
    }
    return response;
  };
}

/** What is written to an answer that is over is for nobody; its writer is told so where it asks. */
function drop(args: readonly unknown[]): false {
  const told = args.at(-1);
  if (typeof told === 'function')
    process.nextTick(told, new Error('The answer has ended; this did not leave.'));
  return false;
}

function bytesOf(chunk: unknown, encoding: unknown): Uint8Array | undefined {
  if (chunk instanceof Uint8Array) return chunk;
  if (typeof chunk !== 'string') return undefined;
  const known = typeof encoding === 'string' && Buffer.isEncoding(encoding) ? encoding : 'utf8';
  return Buffer.from(chunk, known);
}
