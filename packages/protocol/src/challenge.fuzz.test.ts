import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scanChallenges } from './auth-scanner.js';
import { challengeFieldsBytesMax, parseChallenges, serializeChallenge } from './challenge.js';
import { anyString, challenge, fuzzRuns, mutated } from './testing/arbitrary.js';

const otherChallenge = fc.constantFrom(
  'Basic realm="a, b"',
  'Bearer YWJj==',
  'Negotiate',
  'Digest qop="auth, \\"auth-int\\"", nonce=abc',
  'L402 macaroon="AgEL", invoice="lnbc1"',
);
const wire = fc
  .array(
    fc.oneof(
      challenge.map((value) => serializeChallenge(value)),
      otherChallenge,
    ),
    { maxLength: 4 },
  )
  .map((challenges) => challenges.join(', '));

describe('challenges, properties', () => {
  it('come back', () => {
    fc.assert(
      fc.property(
        challenge,
        fc.dictionary(fc.stringMatching(/^hint-[a-z]{1,5}$/), fc.constant('x y')),
        (value, hints) => {
          expect(parseChallenges(serializeChallenge(value, { ...hints }))).toEqual({
            challenges: [value],
            skipped: [],
          });
        },
      ),
      fuzzRuns,
    );
  });

  it('come back from among other schemes', () => {
    const mixed = fc.array(fc.oneof(challenge, otherChallenge), { maxLength: 8 });
    fc.assert(
      fc.property(mixed, fc.boolean(), (list, joined) => {
        const written = list.map((entry) => (typeof entry === 'string' ? entry : serializeChallenge(entry)));
        const expected = list.filter((entry) => typeof entry !== 'string');
        expect(parseChallenges(joined ? written.join(', ') : written)).toEqual({
          challenges: expected,
          skipped: [],
        });
      }),
      fuzzRuns,
    );
  });

  it('a good one survives any field value beside it', () => {
    fc.assert(
      fc.property(challenge, fc.oneof(anyString, mutated(wire)), (value, noise) => {
        const { challenges } = parseChallenges([noise, serializeChallenge(value)]);
        expect(challenges).toContainEqual(value);
      }),
      fuzzRuns,
    );
  });

  it('a good one survives a cut sibling in the same field value', () => {
    fc.assert(
      fc.property(challenge, challenge, fc.nat(), (value, sibling, at) => {
        // `id="cut, Payment id=",x"`: an id that starts with a comma makes the cut one a proper reading.
        fc.pre(!value.id.startsWith(','));
        const written = serializeChallenge(sibling);
        const cut = written.slice(0, at % written.length);
        expect(parseChallenges(`${cut}, ${serializeChallenge(value)}`).challenges.at(-1)).toEqual(value);
      }),
      fuzzRuns,
    );
  });

  it('whatever is accepted can be written again', () => {
    fc.assert(
      fc.property(fc.oneof(anyString, mutated(wire)), (input) => {
        const { challenges, skipped } = parseChallenges(input);
        for (const value of challenges) {
          expect(value.id).not.toBe('');
          const { description: _, ...bound } = value;
          if (!/^[\x20-\x7e]*$/.test(bound.id + bound.realm)) continue;
          expect(parseChallenges(serializeChallenge(bound)).challenges).toEqual([bound]);
        }
        for (const { reason } of skipped) expect(reason).toMatch(/^[A-Z][ -~]*\.$/);
      }),
      fuzzRuns,
    );
  });
});

describe('the scanner, bounded time', () => {
  const size = challengeFieldsBytesMax;
  const fill = (unit: string) => unit.repeat(Math.ceil(size / unit.length)).slice(0, size);

  it.each([
    'a',
    ' ',
    ',',
    '"',
    '\\',
    '=',
    'a=',
    'a="',
    'a="\\',
    'a="\\"',
    'a="\\",',
    'a= "\\" ,',
    ',Payment a="',
    ',Payment a="\\"',
    ', Payment id="a, ',
    'Payment ',
    'Payment a ',
    'a,b c,',
    'a  ',
    'a =',
    'a====',
    '\t, \t',
    'Payment "x" ',
    'a="b"c ',
    '@,',
    'é',
  ])('reads 64 KiB of %j in a moment', (unit) => {
    for (const input of [
      fill(unit),
      `Payment id="${fill(unit)}`,
      `Payment x=${fill(unit)}`,
      `${fill(unit)}"`,
    ]) {
      const before = process.cpuUsage();
      scanChallenges(input);
      // Linear work takes a few milliseconds; quadratic work on this size takes minutes.
      expect(process.cpuUsage(before).user / 1_000).toBeLessThan(2_000);
    }
  });
});
