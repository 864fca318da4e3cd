import { parentPort, workerData } from 'node:worker_threads';
import { type Claim, type LedgerReader, openPostgresReader, openSqliteReader } from '@farebox/ledger';
import type {
  ReaderAnswers,
  ReaderAsked,
  ReaderQuestion,
  ReaderReply,
  ReaderTarget,
} from './reader-messages.js';
import { sumRevenue } from './revenue.js';

// The thread of `ledger-reader.ts`, which alone starts it and says which ledger it reads.
const target: ReaderTarget = workerData;

let opened: Promise<LedgerReader> | undefined;

function open(): Promise<LedgerReader> {
  if (target.kind === 'sqlite') return openSqliteReader({ path: target.path });
  const { url, schema } = target;
  return openPostgresReader(schema === undefined ? { url } : { url, schema });
}

async function reader(): Promise<LedgerReader> {
  opened ??= open();
  try {
    return await opened;
  } catch (error) {
    // The next question tries again: the database may be back.
    opened = undefined;
    throw error;
  }
}

async function answer(question: ReaderQuestion): Promise<ReaderAnswers[keyof ReaderAnswers]> {
  const ledger = await reader();
  switch (question.kind) {
    case 'claims': {
      const claims: Claim[] = [];
      for await (const claim of ledger.claims({ ...question.filter, afterSeq: question.after })) {
        claims.push(claim);
        if (claims.length >= question.claimsMax) break;
      }
      return claims;
    }
    case 'claim':
      return ledger.claim(question.name);
    case 'revenue':
      return sumRevenue(ledger.entries(question.filter), question.by);
  }
}

parentPort?.on('message', ({ id, question }: ReaderAsked) => {
  answer(question).then(
    (value) => reply({ id, ok: true, value }),
    (error: unknown) => {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'internal';
      // Only sentences of our own: a foreign message could hold anything.
      const ours = code.startsWith('ledger_') || code === 'too_many_rows';
      reply({ id, ok: false, code, message: ours && error instanceof Error ? error.message : '' });
    },
  );
});

function reply(message: ReaderReply): void {
  parentPort?.postMessage(message);
}
