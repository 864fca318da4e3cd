import { AnswerReader, type Reading } from '../answer-reader.js';

/** What a reader made of some bytes. */
export interface ReadParts {
  readonly reading: Reading;
  readonly status: number;
  readonly fields: readonly string[];
  readonly body: string;
  readonly reusable: boolean;
  /** The end of the connection would be the end of the body. */
  readonly endsWithConnection: boolean;
}

/**
 * Lets a reader read parts as a socket would bring them: into one buffer, which is overwritten every time. With
 * `pausing`, the listener wants a pause after everything that it hears.
 */
export function readParts(method: string, parts: readonly string[], pausing = false): ReadParts {
  const shared = Buffer.alloc(Math.max(1, ...parts.map((part) => part.length)) + 8);
  const chunks: Buffer[] = [];
  let status = 0;
  let fields: readonly string[] = [];
  const reader = new AnswerReader(
    {
      head(head) {
        if (status !== 0) throw new Error('a second head');
        status = head.status;
        fields = head.fields;
        return !pausing;
      },
      data(chunk) {
        if (status === 0 || chunk.length === 0) throw new Error('data out of order');
        chunks.push(chunk);
        return !pausing;
      },
    },
    (from, to) => Buffer.from(shared.subarray(from, to)),
  );
  reader.expect(method);
  let reading: Reading = 'more';
  for (const part of parts) {
    // What an earlier read has left behind must never be read: it is a whole answer.
    shared.fill('HTTP/1.1 299 Stale\r\n\r\n0\r\n\r\n', 'latin1');
    shared.write(part, 'latin1');
    reading = reader.read(shared, part.length);
    while (reading === 'paused') reading = reader.read(Buffer.alloc(0), 0);
    if (reading !== 'more') break;
  }
  const { reusable, endsWithConnection } = reader;
  const body = Buffer.concat(chunks).toString('latin1');
  return { reading, status, fields, body, reusable, endsWithConnection };
}

/** A text in two parts, cut at every place, then in single characters. */
export function everyCut(text: string): string[][] {
  const cuts = Array.from({ length: text.length + 1 }, (_, at) => [text.slice(0, at), text.slice(at)]);
  return [...cuts, [...text]];
}
