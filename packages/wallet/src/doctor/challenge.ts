import {
  type Challenge,
  decodeBase64urlText,
  decodeRequest,
  encodeRequest,
  type JsonObject,
  parseChallenges,
  parseJsonObject,
  parseTimestamp,
} from '@farebox/protocol';
import { checkDigest } from '../digest.js';
import type { ReplayableRequest } from '../request.js';
import { plainText } from '../seller-problem.js';
import { type Finding, fault, fine, type MethodExaminer, note, warning } from './finding.js';
import { answered, type ProbeAnswer } from './probe.js';

const opaqueBytesMax = 16 * 1024;
/** Fewer characters than 96 bits take in base64url can be guessed. */
const idCharsMin = 16;

/** What was read of a 402. */
export interface ReadChallenges {
  readonly challenges: readonly Challenge[];
  readonly findings: readonly Finding[];
}

/** Holds a 402 against draft-httpauth-payment-00 and the methods' own drafts, point by point. */
export async function examineChallenges(
  answer: ProbeAnswer,
  request: ReplayableRequest,
  examiners: readonly MethodExaminer[],
  nowMs: number,
): Promise<ReadChallenges> {
  const { challenges, skipped } = parseChallenges(answered(answer, 'www-authenticate') ?? '');
  const findings = [...examineAnswer(answer)];
  for (const { reason } of skipped) findings.push(fault('challenge', 'malformed', 'seller', reason));
  if (challenges.length === 0 && skipped.length === 0) {
    findings.push(
      fault(
        'challenge',
        'missing',
        'seller',
        'A 402 without a Payment challenge in WWW-Authenticate: it cannot be paid by this scheme.',
      ),
    );
  }
  for (const [at, challenge] of challenges.entries()) {
    const name =
      challenges.length === 1
        ? 'The challenge'
        : `Challenge ${at + 1} (${challenge.method}/${challenge.intent})`;
    findings.push(...examineCore(challenge, name, nowMs), ...(await examineDigest(challenge, name, request)));
    const examiner = examiners.find(
      ({ method, intent }) => method === challenge.method && intent === challenge.intent,
    );
    const decoded = decodeRequest(challenge.request);
    if (examiner && decoded) findings.push(...(await examiner.examine(challenge, decoded, nowMs)));
    else
      findings.push(
        note(
          'challenge',
          'method_unknown',
          `${name} is for ${challenge.method}/${challenge.intent}, which this wallet does not pay.`,
        ),
      );
  }
  if (new Set(challenges.map(({ id }) => id)).size < challenges.length) {
    findings.push(
      fault('challenge', 'id_repeated', 'seller', 'Two challenges have the same id; each needs its own.'),
    );
  }
  return { challenges, findings };
}

/** The 402 itself, beside its challenges. */
function examineAnswer(answer: ProbeAnswer): readonly Finding[] {
  const findings: Finding[] = [];
  const cache = answered(answer, 'cache-control') ?? '';
  findings.push(
    /\bno-store\b/i.test(cache)
      ? fine('challenge', 'no_store', 'The 402 is not to be stored by caches.')
      : fault(
          'challenge',
          'no_store',
          'seller',
          'The 402 lacks Cache-Control: no-store, so a cache could give its challenge to others.',
        ),
  );
  if (answered(answer, 'payment-receipt') !== undefined) {
    findings.push(
      fault(
        'challenge',
        'receipt_on_402',
        'seller',
        'The 402 carries a Payment-Receipt; receipts belong to what was paid for.',
      ),
    );
  }
  const problem = parseJsonObject(answer.body);
  const isProblem = /^application\/problem\+json\b/i.test(answered(answer, 'content-type') ?? '');
  findings.push(
    isProblem && problem !== undefined && typeof problem.type === 'string'
      ? fine('challenge', 'problem', 'The 402 explains itself as a problem document.')
      : warning(
          'challenge',
          'problem',
          'seller',
          'The body of the 402 should be application/problem+json with type and title.',
        ),
  );
  return findings;
}

function examineCore(challenge: Challenge, name: string, nowMs: number): readonly Finding[] {
  const { id, request, expires, opaque } = challenge;
  const findings: Finding[] = [
    fine(
      'challenge',
      'readable',
      `${name} can be read, with id, realm (${plainText(challenge.realm)}), method, intent and request.`,
    ),
  ];
  if (id.length < idCharsMin) {
    findings.push(
      warning(
        'challenge',
        'id_short',
        'seller',
        `${name} has an id of ${id.length} characters, which others could guess.`,
      ),
    );
  }
  if (request.endsWith('='))
    findings.push(
      fault('challenge', 'padding', 'seller', `${name} pads its request with "=", which must not be.`),
    );
  const decoded = decodeRequest(request);
  if (decoded !== undefined && !isCanonical(request, decoded)) {
    const text = `${name} has a request that is not in canonical JSON (RFC 8785): implementations that write it anew compute another id.`;
    findings.push(fault('challenge', 'not_canonical', 'seller', text));
  }
  findings.push(examineExpiry(name, expires, nowMs));
  if (opaque !== undefined) findings.push(...examineOpaque(name, opaque));
  return findings;
}

/** The same characters that RFC 8785 and base64url give. */
function isCanonical(text: string, decoded: JsonObject): boolean {
  try {
    return encodeRequest(decoded) === text.replace(/=+$/, '');
  } catch {
    return false;
  }
}

function examineExpiry(name: string, expires: string | undefined, nowMs: number): Finding {
  if (expires === undefined)
    return warning('challenge', 'expires', 'seller', `${name} does not say when it expires.`);
  // Readable: a challenge with another expiry is none.
  const leftS = Math.floor(((parseTimestamp(expires) ?? 0) - nowMs) / 1000);
  if (leftS <= 0) {
    return fault(
      'challenge',
      'expired',
      'seller',
      `${name} had expired when it was given (${plainText(expires)}).`,
      'Compare the clocks first.',
    );
  }
  if (leftS < 10)
    return warning(
      'challenge',
      'expires',
      'seller',
      `${name} lives ${leftS} seconds only; a payment may take longer.`,
    );
  return fine('challenge', 'expires', `${name} can be paid for ${leftS} seconds.`);
}

function examineOpaque(name: string, opaque: string): readonly Finding[] {
  const text = decodeBase64urlText(opaque, opaqueBytesMax);
  const decoded = text === undefined ? undefined : parseJsonObject(text);
  if (decoded === undefined)
    return [
      fault('challenge', 'opaque', 'seller', `${name} has an opaque that is no base64url JSON object.`),
    ];
  const flat = Object.values(decoded).every((value) => typeof value === 'string');
  return flat
    ? []
    : [fault('challenge', 'opaque', 'seller', `${name} has an opaque that is no flat map of texts.`)];
}

async function examineDigest(
  challenge: Challenge,
  name: string,
  { body }: ReplayableRequest,
): Promise<readonly Finding[]> {
  if (challenge.digest === undefined) {
    return body === undefined
      ? []
      : [
          warning(
            'challenge',
            'digest',
            'seller',
            `${name} is not bound to the body (no digest): another body could be sent with the payment.`,
          ),
        ];
  }
  const objection = await checkDigest(challenge.digest, body);
  return objection
    ? [
        fault(
          'challenge',
          'digest',
          'seller',
          `${name} is for another body than was sent, so the payment would be refused.`,
        ),
      ]
    : [fine('challenge', 'digest', `${name} is bound to the body that was sent.`)];
}
