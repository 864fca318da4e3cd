import { type Challenge, type JsonObject, serializeCredential } from '@farebox/protocol';
import type { Header, ReplayableRequest } from '../request.js';
import { adviseOnText, examineRedirect, htmlFault, saidBy } from './answer.js';
import { type Finding, fault, fine, note, skipped, warning } from './finding.js';
import { answered, isHtml, type Probe, type ProbeAnswer, type ProbeOptions, probe } from './probe.js';
import type { CredentialPlace } from './request.js';

/** A proof that proves nothing, in the shape of each method: no seller can take money by it. */
const worthless: Readonly<Record<string, () => JsonObject>> = {
  // 32 random bytes, whose hash is that of no invoice.
  lightning: () => ({ preimage: Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('hex') }),
  // No transaction: there is nothing to broadcast.
  tempo: () => ({ type: 'transaction', signature: '0x00' }),
};

/** The headers of a replay: all that were there, and the credential (R13–R17). */
export function replayHeaders(
  headers: readonly Header[],
  credential: string,
  place: CredentialPlace,
): readonly Header[] {
  const name = place === 'authorization' ? 'Authorization' : 'Payment-Authorization';
  return [...headers.filter(([candidate]) => candidate.toLowerCase() !== place), [name, credential]];
}

/**
 * Sends the request once more as a payment would, with a credential that is worthless by construction, and judges the
 * refusal: who loses the identity, the body or its type on the way shows it here, before any money has gone.
 */
export async function rehearse(
  request: ReplayableRequest,
  challenge: Challenge,
  place: CredentialPlace,
  options: ProbeOptions,
): Promise<{ readonly findings: readonly Finding[]; readonly answer?: ProbeAnswer }> {
  const make = Object.hasOwn(worthless, challenge.method) ? worthless[challenge.method] : undefined;
  if (make === undefined || challenge.intent !== 'charge') {
    const text = `The replay was not rehearsed: this program knows no worthless proof for ${challenge.method}/${challenge.intent}.`;
    return { findings: [skipped('replay', 'replay', text)] };
  }
  let credential: string;
  try {
    credential = serializeCredential({ challenge, payload: make() });
  } catch {
    return {
      findings: [
        fault('replay', 'too_large', 'seller', 'The challenge is too large to be sent back with a payment.'),
      ],
    };
  }
  const sent: Probe = await probe(request, replayHeaders(request.headers, credential, place), options);
  if (!sent.ok) {
    const text = 'The seller did not answer a request with a credential, although it answered one without.';
    return { findings: [fault('replay', 'no_answer', 'seller', text, 'Try again; then tell the seller.')] };
  }
  return { findings: judge(sent.answer, request, place), answer: sent.answer };
}

function judge(answer: ProbeAnswer, request: ReplayableRequest, place: CredentialPlace): readonly Finding[] {
  const { status } = answer;
  const said = saidBy(answer);
  if (status === 402) return judgeRefusal(answer, said);
  if (status >= 300 && status <= 399) return [examineRedirect(answer, 'replay', request)];
  if (status >= 200 && status <= 299) {
    if (isHtml(answer)) return [htmlFault('replay', request)];
    const text = `The seller delivered (${status}) against a worthless proof of payment: it does not check what it is paid with.`;
    return [
      fault(
        'replay',
        'delivers_unpaid',
        'seller',
        text,
        'Tell the seller; the service can be had without paying.',
      ),
    ];
  }
  return judgeOther(answer, request, place);
}

/** A refusal that is not the 402 that it has to be. */
function judgeOther(
  answer: ProbeAnswer,
  request: ReplayableRequest,
  place: CredentialPlace,
): readonly Finding[] {
  const { status } = answer;
  const said = saidBy(answer);
  if (status === 401) return [lostIdentity(said, request, place)];
  if (status === 409 || status === 423) {
    return [
      fault(
        'lock',
        'conflict',
        'you',
        `The replay met a lock (${status})${said}`,
        'See the findings about the lock.',
      ),
    ];
  }
  if (status === 400 || status === 415 || status === 422) {
    const text = `The seller refuses the replay as malformed (${status})${said} Its challenge has to be answered with 402.`;
    return [
      warning(
        'replay',
        'refused_malformed',
        'seller',
        text,
        'If the text names the body or its type, mend those; otherwise tell the seller.',
      ),
    ];
  }
  if (status === 403)
    return [
      warning(
        'replay',
        'refused_403',
        'seller',
        `A worthless proof was refused with 403 instead of 402${said}`,
      ),
    ];
  if (status === 429) return [note('replay', 'limited', `Tries with a credential are limited (429)${said}`)];
  return [
    fault(
      'replay',
      'seller_failed',
      'seller',
      `The seller failed over a worthless proof (${status})${said}`,
      'Tell the seller.',
    ),
  ];
}

/** Who has to mend a 401 to a replay: whoever put the identity where the credential goes, else the seller. */
function lostIdentity(said: string, { headers }: ReplayableRequest, place: CredentialPlace): Finding {
  const own = headers.some(([name]) => name.toLowerCase() === 'authorization') && place === 'authorization';
  const text = `With the credential the seller no longer knows who you are (401)${said}`;
  if (own) {
    const next = "Give the key as -H 'X-API-Key: …' instead of Authorization.";
    return fault('identity', 'identity_lost', 'you', text, next);
  }
  const next = 'A seller has to answer 402 to a credential that it does not accept.';
  return fault('identity', 'identity_lost', 'seller', text, next);
}

/** The refusal that draft-httpauth-payment-00 wants: 402, a fresh challenge, and a problem that says why. */
function judgeRefusal(answer: ProbeAnswer, said: string): readonly Finding[] {
  const findings: Finding[] = [
    fine('replay', 'refused', `A worthless proof is refused with 402, as it has to be${said}`),
  ];
  if (!/\bpayment\b/i.test(answered(answer, 'www-authenticate') ?? '')) {
    findings.push(
      fault(
        'replay',
        'no_fresh_challenge',
        'seller',
        'The refusal lacks a fresh challenge, so nobody could try again.',
      ),
    );
  }
  const advice = adviseOnText(answer);
  if (advice !== undefined)
    findings.push(note('replay', 'known_text', 'Should a real payment get the same answer:', advice));
  return findings;
}
