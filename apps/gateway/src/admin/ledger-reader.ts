import { Worker } from 'node:worker_threads';
import type {
  ReaderAnswers,
  ReaderAsked,
  ReaderQuestion,
  ReaderReply,
  ReaderTarget,
} from './reader-messages.js';

/** Most questions that wait for their answers. */
export const questionsMax = 16;
/** How long an answer may take: some questions read every claim. */
export const answerMsMax = 60_000;

/** The ledger could not be read. */
export class ReaderError extends Error {
  override readonly name = 'ReaderError';
  /** `too_many_rows`, `reader_busy`, `reader_late`, or what the ledger says. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Reads a ledger beside the gateway's own thread, which has payments to take. */
export interface LedgerReading {
  /** Rejects with {@link ReaderError}. */
  ask<K extends ReaderQuestion['kind']>(
    question: Extract<ReaderQuestion, { readonly kind: K }>,
  ): Promise<ReaderAnswers[K]>;
  close(): Promise<void>;
}

interface Waiting {
  readonly resolve: (value: ReaderAnswers[keyof ReaderAnswers]) => void;
  readonly reject: (error: ReaderError) => void;
  readonly timer: NodeJS.Timeout;
}

/** Makes a reading. Its thread begins with the first question. */
export function createLedgerReading(target: ReaderTarget): LedgerReading {
  const waiting = new Map<number, Waiting>();
  let thread: Worker | undefined;
  let asked = 0;

  function settle(id: number, then: (one: Waiting) => void): void {
    const one = waiting.get(id);
    if (one === undefined) return;
    clearTimeout(one.timer);
    waiting.delete(id);
    then(one);
  }

  function lost(which: Worker, error: ReaderError): void {
    if (thread !== which) return;
    thread = undefined;
    for (const id of [...waiting.keys()]) settle(id, ({ reject }) => reject(error));
  }

  function start(): Worker {
    const worker = new Worker(new URL('./reader-thread.js', import.meta.url), { workerData: target });
    // Nobody waits for it when the gateway ends.
    worker.unref();
    worker.on('message', (reply: ReaderReply) => {
      settle(reply.id, ({ resolve, reject }) => {
        if (reply.ok) resolve(reply.value);
        else reject(new ReaderError(reply.code, reply.message));
      });
    });
    const gone = () =>
      lost(worker, new ReaderError('reader_lost', 'The ledger could not be read; try again.'));
    worker.on('error', gone).on('exit', gone);
    return worker;
  }

  return {
    ask(question) {
      if (waiting.size >= questionsMax)
        return Promise.reject(
          new ReaderError('reader_busy', 'Too many questions wait for the ledger; try again.'),
        );
      thread ??= start();
      const worker = thread;
      const id = ++asked;
      const answered = new Promise<ReaderAnswers[keyof ReaderAnswers]>((resolve, reject) => {
        const timer = setTimeout(() => {
          // What it is at cannot be interrupted otherwise.
          void worker.terminate();
          lost(worker, new ReaderError('reader_late', 'The ledger took too long; ask for a shorter period.'));
        }, answerMsMax);
        waiting.set(id, { resolve, reject, timer });
      });
      const message: ReaderAsked = { id, question };
      worker.postMessage(message);
      // The thread answers each kind of question with its kind of answer.
      return answered as Promise<never>;
    },
    async close() {
      const worker = thread;
      if (worker === undefined) return;
      lost(worker, new ReaderError('reader_lost', 'The gateway is shutting down.'));
      await worker.terminate();
    },
  };
}
