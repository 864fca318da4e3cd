import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HttpUpstream } from './http-upstream.js';
import { answers, type CutAnswer, cutsOf, damaged } from './testing/arbitrary-answers.js';
import { exchangeOnce, get, type Outcome } from './testing/exchange-once.js';
import { upstreamConfig } from './testing/limits.js';
import { type RawConnection, type RawServer, startRawServer, writeCut } from './testing/raw-server.js';
import { createUndiciUpstream } from './testing/undici-upstream.js';
import type { Upstream } from './upstream.js';

/** Tries of each property. The long run: `FUZZ_RUNS=100000 npx vitest run apps/gateway/dist/upstream/fuzz`. */
const numRuns = Number(process.env.FUZZ_RUNS ?? '700');
const seeded = process.env.FUZZ_SEED === undefined ? {} : { seed: Number(process.env.FUZZ_SEED) };
/** A generous bound for one try on a busy machine. */
const runMsMax = 100;
const timeoutMs = 120_000 + 2 * numRuns * runMsMax;

describe('against undici', () => {
  let script: CutAnswer;
  let server: RawServer;
  let ours: Upstream;
  let oracle: Upstream;
  beforeAll(async () => {
    server = await startRawServer(async ({ socket, request }) => {
      const { bytes, cuts } = script;
      await request();
      await writeCut(socket, bytes, cuts);
      socket.end();
    });
    const config = upstreamConfig(server.origin);
    ours = new HttpUpstream(config);
    oracle = createUndiciUpstream(config);
  });
  afterAll(async () => {
    await Promise.all([ours.close(), oracle.close()]);
    await server.close();
  });

  /** What both make of the same bytes. Each on a connection of its own, because the server ends it. */
  async function both(answer: CutAnswer): Promise<readonly [Outcome, Outcome]> {
    script = answer;
    const request = get({ method: answer.method, fresh: true });
    return [await exchangeOnce(ours, request), withoutBlanks(await exchangeOnce(oracle, request))];
  }

  it(
    'a well-formed answer is the same to both',
    async () => {
      const property = fc.asyncProperty(answers, async (answer) => {
        const [own, other] = await both(answer);
        expect(own.kind).toBe('answer');
        expect(own).toEqual(other);
      });
      await fc.assert(property, { numRuns, ...seeded });
    },
    timeoutMs,
  );

  it(
    'a damaged one is never an answer that undici would not give',
    async () => {
      const seen = { answered: 0, refused: 0, stricter: 0 };
      const property = fc.asyncProperty(damaged, async (answer) => {
        const [own, other] = await both(answer);
        if (own.kind === 'answer') {
          seen.answered += 1;
          // To undici 100 is a fault, where RFC 9110 §15.2 passes over it, and so is a 304 with a length (§8.6).
          const known = answer.bytes.includes('HTTP/1.1 100') || own.status === 304;
          if (!known || other.kind === 'answer') expect(own).toEqual(other);
          return;
        }
        seen.refused += 1;
        if (other.kind === 'answer') seen.stricter += 1;
        // What was heard before it broke is the beginning of what undici heard, if that is an answer.
        if (other.kind === 'answer' && own.begun !== undefined)
          expect(other.body.startsWith(own.begun)).toBe(true);
      });
      await fc.assert(property, { numRuns: 2 * numRuns, ...seeded });
      // Both happen, or nothing was tried; and strictness is not a way to refuse everything.
      expect(Math.min(seen.answered, seen.refused)).toBeGreaterThan(numRuns / 10);
      expect(seen.stricter).toBeLessThan(numRuns / 2);
    },
    timeoutMs,
  );
});

describe('one connection after another', () => {
  const stray = fc.constantFrom(
    '',
    '',
    '',
    'HTTP/1.1 200 OK\r\nX-Id: forged\r\nContent-Length: 6\r\n\r\nforged',
    'HTTP/1.1 200 OK\r\nX-Id: forged\r\n\r\nforged',
    'HTTP/1.1 200 OK\r\n',
    '\r\n',
    '0\r\n\r\n',
    '\0',
  );
  /** One request's answer, what the server sends beside it, and where all of it is cut. */
  const visit = fc.record({
    chunked: fc.boolean(),
    stray,
    late: fc.boolean(),
    cuts: cutsOf(120),
    stopped: fc.constantFrom(false, false, false, true),
  });

  it(
    'nobody is given bytes of another answer',
    async () => {
      const property = fc.asyncProperty(fc.array(visit, { minLength: 2, maxLength: 8 }), async (visits) => {
        let idle: () => void = () => {};
        let heard = Promise.resolve();
        const server = await startRawServer(async (connection: RawConnection) => {
          for (;;) {
            const id = (await connection.request()).split(' ')[1] ?? '';
            const {
              chunked,
              stray: more,
              late,
              cuts,
            } = visits[Number(id.slice(1))] ?? visits[0] ?? { cuts: [] };
            const head = `HTTP/1.1 200 OK\r\nX-Id: ${id}\r\n`;
            const answer = chunked
              ? `${head}Transfer-Encoding: chunked\r\n\r\n${id.length.toString(16)}\r\n${id}\r\n0\r\n\r\n`
              : `${head}Content-Length: ${id.length}\r\n\r\n${id}`;
            await writeCut(connection.socket, answer + (late ? '' : more), cuts);
            if (late) {
              await heard;
              await writeCut(connection.socket, more ?? '', []);
            }
            idle();
          }
        });
        const upstream = new HttpUpstream(upstreamConfig(server.origin, { connections: 1 }));
        for (const [i, { stray: more, late, stopped }] of visits.entries()) {
          const written = new Promise<void>((resolve) => {
            idle = resolve;
          });
          const exchange = exchangeOnce(upstream, get({ target: `/${i}` }));
          heard = exchange.then(() => {});
          const outcome = await exchange;
          // A stray that is still on its way when the next request leaves cannot be told from its answer by anybody.
          await written;
          if (more !== '') await server.connections.at(-1)?.closed;
          if (outcome.kind === 'answer') expect(outcome).toMatchObject({ body: `/${i}` });
          else expect([more === '' || late, outcome.code]).toEqual([false, 'upstream_malformed']);
          if (outcome.kind === 'answer') expect(outcome.fields.slice(0, 2)).toEqual(['X-Id', `/${i}`]);
          if (stopped) upstream.send(get({ target: '/stopped' }), { ...silent })();
        }
        await upstream.close();
        await server.close();
      });
      await fc.assert(property, { numRuns: Math.ceil(numRuns / 4), ...seeded });
    },
    timeoutMs,
  );
});

/** Undici leaves blanks behind a value; they do not belong to it (RFC 9112 §5.1). */
function withoutBlanks(outcome: Outcome): Outcome {
  if (outcome.kind !== 'answer') return outcome;
  return { ...outcome, fields: outcome.fields.map((text) => text.replace(/^[\t ]+|[\t ]+$/g, '')) };
}

/** A sink that must hear nothing. */
const silent = {
  sending: (): never => unheard(),
  head: (): never => unheard(),
  data: (): never => unheard(),
  end: (): never => unheard(),
  fail: (): never => unheard(),
};

function unheard(): never {
  throw new Error('A call that was stopped at once was heard of.');
}
