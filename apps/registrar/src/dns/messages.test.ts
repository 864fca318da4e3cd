import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryDirectory } from '../zone/testing/memory-directory.js';
import { createZones } from '../zone/zones.js';
import { createResponder } from './responder.js';
import { udpAnswerBytesMax, udpAnswerBytesMin } from './response.js';
import { ask, decoded, queryOf, responderOf, settings } from './testing/ask.js';

/** How many messages of each kind are tried: `FUZZ_RUNS=100000` for a long run. */
const fuzzRuns = Number(process.env.FUZZ_RUNS ?? 2_000);

const directory = new MemoryDirectory('agent');
directory.put('myname.agent', {
  records: [
    ['@', 'A', '192.0.2.1'],
    ['*', 'TXT', 'wild'],
    ['www', 'CNAME', 'myname.agent.'],
    ['d', 'NS', 'ns.d.myname.agent.'],
    ['ns.d', 'A', '192.0.2.2'],
    ['big', 'TXT', 'z'.repeat(600)],
    ['huge', 'TXT', 'z'.repeat(4_000)],
  ],
});
const responder = responderOf(directory);
const head = (flags: number, counts: readonly number[]) => {
  const bytes = Buffer.alloc(12);
  [0x1267, flags, ...counts].forEach((value, at) => {
    bytes.writeUInt16BE(value, at * 2);
  });
  return bytes;
};
const question = Buffer.from('\x06myname\x05agent\x00\x00\x01\x00\x01', 'latin1');
const opt = (version: number, bytes = 1_232, options = '') =>
  Buffer.concat([
    Buffer.from([0, 0, 41, bytes >> 8, bytes & 0xff, 0, version, 0x80, 0, 0, options.length]),
    Buffer.from(options, 'latin1'),
  ]);
const send = (...parts: readonly Uint8Array[]) => responder(Buffer.concat(parts), 'udp');

describe('messages that are no questions', () => {
  it('answers are never answered, nor is what is shorter than a header', async () => {
    expect(await send(head(0x8400, [1, 0, 0, 0]), question)).toBeUndefined();
    expect(await send(Buffer.alloc(11))).toBeUndefined();
    expect(await send(Buffer.alloc(0))).toBeUndefined();
  });

  it.each([
    ['another operation', [head(0x2800, [1, 0, 0, 0]), question], 'NOTIMP'],
    ['no question', [head(0, [0, 0, 0, 0])], 'FORMERR'],
    ['two questions', [head(0, [2, 0, 0, 0]), question, question], 'FORMERR'],
    ['an answer section', [head(0, [1, 1, 0, 0]), question], 'FORMERR'],
    ['a question cut short', [head(0, [1, 0, 0, 0]), question.subarray(0, 9)], 'FORMERR'],
    [
      'a pointer to itself',
      [head(0, [1, 0, 0, 0]), Buffer.from('\xc0\x0c\x00\x01\x00\x01', 'latin1')],
      'FORMERR',
    ],
    [
      'a name of 300 bytes',
      [head(0, [1, 0, 0, 0]), Buffer.from(`${'\x3bx'.padEnd(60, 'x').repeat(5)}\0\0\x01\0\x01`, 'latin1')],
      'FORMERR',
    ],
    ['a second OPT', [head(0, [1, 0, 0, 2]), question, opt(0), opt(0)], 'FORMERR'],
    [
      'an option longer than its record',
      [head(0, [1, 0, 0, 1]), question, opt(0, 1_232, '\0\x0a\0\x09abc')],
      'FORMERR',
    ],
    ['bytes after the end', [head(0, [1, 0, 0, 0]), question, Buffer.alloc(3)], 'FORMERR'],
    ['a zone transfer', [queryOf('agent', 'AXFR')], 'REFUSED'],
    [
      'class CH',
      [head(0, [1, 0, 0, 0]), Buffer.from('\x07version\x04bind\x00\x00\x10\x00\x03', 'latin1')],
      'REFUSED',
    ],
  ])('%s', async (_, parts, rcode) => {
    const answer = decoded(await send(...parts));
    expect(answer).toMatchObject({ type: 'response', rcode, answers: [] });
  });
});

describe('EDNS', () => {
  it('is answered with EDNS, the DO bit repeated, and only where it was asked with', async () => {
    const plain = decoded(await send(head(0, [1, 0, 0, 0]), question));
    expect(plain.additionals).toEqual([]);
    const extended = decoded(await send(head(0, [1, 0, 0, 1]), question, opt(0, 4_096)));
    expect(extended.additionals).toMatchObject([
      { type: 'OPT', udpPayloadSize: udpAnswerBytesMax, ednsVersion: 0, flag_do: true },
    ]);
  });

  it('of another version gets BADVERS with the version we have (RFC 6891 §6.1.3)', async () => {
    const answer = decoded(await send(head(0, [1, 0, 0, 1]), question, opt(1)));
    expect(answer).toMatchObject({ rcode: 'NOERROR', answers: [] });
    expect(answer.additionals).toMatchObject([{ type: 'OPT', extendedRcode: 1, ednsVersion: 0 }]);
  });
});

describe('sizes', () => {
  it('what does not fit is truncated as a whole, and comes complete over TCP', async () => {
    for (const bytes of [undefined, 100, 512]) {
      const message = await responder(queryOf('big.myname.agent', 'TXT', bytes), 'udp');
      expect(message?.length).toBeLessThanOrEqual(udpAnswerBytesMin);
      expect(decoded(message)).toMatchObject({ flag_tc: true, answers: [], rcode: 'NOERROR' });
    }
    expect(decoded(await responder(queryOf('big.myname.agent', 'TXT', 1_232), 'udp')).answers).toHaveLength(
      1,
    );
    // Nobody gets fragments, however much they say they take.
    expect(decoded(await responder(queryOf('huge.myname.agent', 'TXT', 65_535), 'udp'))).toMatchObject({
      flag_tc: true,
    });
    const whole = decoded(await responder(queryOf('huge.myname.agent', 'TXT'), 'tcp'));
    expect(whole).toMatchObject({ flag_tc: false });
    expect(whole.answers).toHaveLength(1);
  });

  it('addresses that are only convenient are left out; those that a referral needs truncate (RFC 9471)', async () => {
    const many = new MemoryDirectory({
      name: 'agent',
      nameServers: Array.from({ length: 8 }, (_, at) => `ns${at}.agent.`),
      contact: 'hostmaster.agent.',
      prices: [],
    });
    const six = Array.from({ length: 3 }, (_, at) => `2001:db8::${at + 1}`);
    const addresses = new Map(Array.from({ length: 8 }, (_, at) => [`ns${at}.agent.`, six] as const));
    const servers = Array.from({ length: 8 }, (_, at) => [`ns${at}`, 'AAAA', `2001:db8::${at}`] as const);
    many.put('cut.agent', {
      records: [
        ...Array.from({ length: 8 }, (_, at) => ['@', 'NS', `ns${at}.cut.agent.`] as const),
        ...servers,
        ...servers.map(([name]) => [name, 'A', '192.0.2.1'] as const),
      ],
    });
    const own = responderOf(many, { ...settings, addresses });
    const apex = decoded(await own(queryOf('agent', 'NS'), 'udp'));
    expect(apex).toMatchObject({ flag_tc: false, additionals: [] });
    expect(apex.answers).toHaveLength(8);
    expect(decoded(await own(queryOf('www.cut.agent', 'A'), 'udp'))).toMatchObject({ flag_tc: true });
    expect(decoded(await own(queryOf('www.cut.agent', 'A'), 'tcp')).additionals).toHaveLength(16);
  });

  it('a record set that no message can hold sets TC even over TCP, and harms nobody', async () => {
    const large = new MemoryDirectory('agent');
    large.put('large.agent', {
      records: Array.from({ length: 40 }, (_, at) => ['@', 'TXT', `${at}${'x'.repeat(4_000)}`] as const),
    });
    const message = await responderOf(large)(queryOf('large.agent', 'TXT'), 'tcp');
    expect(decoded(message)).toMatchObject({ flag_tc: true, answers: [] });
  });
});

describe('a directory that fails', () => {
  it('is SERVFAIL for the asker, and told to the operator', async () => {
    const failing = new MemoryDirectory('agent');
    failing.find = () => Promise.reject(new Error('the store is closed'));
    const heard: unknown[] = [];
    const own = createResponder(createZones(failing, settings), (error) => heard.push(error));
    expect(decoded(await own(queryOf('myname.agent', 'A'), 'udp'))).toMatchObject({
      rcode: 'SERVFAIL',
      answers: [],
    });
    expect(heard).toEqual([new Error('the store is closed')]);
  });
});

describe('nonsense', () => {
  /** What every answer to anything must be. */
  const check = (message: Uint8Array, answer: Buffer | undefined) => {
    if (answer === undefined) {
      // Only what is no query may go without an answer.
      expect(message.length < 12 || ((message[2] ?? 0) & 0x80) !== 0).toBe(true);
      return;
    }
    expect(answer.length).toBeLessThanOrEqual(udpAnswerBytesMax);
    expect(answer.subarray(0, 2)).toEqual(Buffer.from(message.subarray(0, 2)));
    const packet = decoded(answer);
    expect(packet.flag_qr).toBe(true);
    expect(packet.rcode).not.toBe('SERVFAIL');
  };

  it('random bytes: always a well-formed answer or none', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 600 }), async (bytes) => {
        check(bytes, await responder(bytes, 'udp'));
      }),
      { numRuns: fuzzRuns },
    );
  });

  it('good queries with bytes changed, cut off or added', async () => {
    const names = ['myname.agent', 'www.myname.agent', 'x.d.myname.agent', 'any.myname.agent', 'agent'];
    const query = fc
      .tuple(fc.constantFrom(...names), fc.constantFrom('A', 'TXT', 'ANY', 'NS', 'SOA', 'AXFR'))
      .map(([name, type]) => queryOf(name, type, 1_232));
    const changes = fc.array(fc.tuple(fc.nat(80), fc.nat(255)), { maxLength: 6 });
    const tail = fc.uint8Array({ maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(query, changes, fc.nat(80), tail, async (good, edits, cut, added) => {
        const bytes = Buffer.concat([good.subarray(0, Math.max(12, cut)), added]);
        for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value;
        check(bytes, await responder(bytes, 'udp'));
      }),
      { numRuns: fuzzRuns },
    );
  });

  it('labels of any bytes: dots in labels, zeros, upper bytes; the question comes back to the letter', async () => {
    const label = fc.uint8Array({ minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(fc.array(label, { maxLength: 6 }), async (labels) => {
        // Below a name that exists there is no wildcard (RFC 4592 §4.2); here those are tried that do not exist.
        const nearest = Buffer.from(labels.at(-1) ?? [])
          .toString('latin1')
          .toLowerCase();
        fc.pre(!['*', 'www', 'd', 'ns', 'big', 'huge'].includes(nearest));
        const name = labels.flatMap((each) => [Buffer.from([each.length]), Buffer.from(each)]);
        const asked = Buffer.concat([...name, Buffer.from('\x06MYname\x05agenT\0\0\x10\0\x01', 'latin1')]);
        const answer = await send(head(0, [1, 0, 0, 0]), asked);
        if (answer === undefined) throw new Error('There was no answer.');
        expect(answer.subarray(12, 12 + asked.length)).toEqual(asked);
        expect(answer.readUInt16BE(2) & 0xf).toBe(0);
      }),
      { numRuns: Math.ceil(fuzzRuns / 4) },
    );
  });

  it('odd labels under the namespace are nobody’s, and the directory is not asked', async () => {
    const before = directory.finds;
    const asked = Buffer.from('\x09my.name@!\x05agent\0\0\x10\0\x01', 'latin1');
    expect(decoded(await send(head(0, [1, 0, 0, 0]), asked)).rcode).toBe('NXDOMAIN');
    expect(await ask(responder, '*.agent', 'TXT')).toMatchObject({ rcode: 'NXDOMAIN' });
    expect(directory.finds).toBe(before);
  });
});
