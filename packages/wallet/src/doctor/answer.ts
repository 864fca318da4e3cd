import { offersPayment, payInsteadAdvice } from '../offers-payment.js';
import type { ReplayableRequest } from '../request.js';
import { plainText, readProblem } from '../seller-problem.js';
import { type Blame, type Finding, fault, fine, note } from './finding.js';
import { answered, isHtml, type ProbeAnswer } from './probe.js';

/** What a seller says of a payment that its own documents give a cause for (R24, R27). */
const knownTexts: readonly (readonly [RegExp, string])[] = [
  [
    /KeyNotFound/,
    'The access key is not registered for the account. Ask farebox wallet tempo keys; for a fresh wallet of your own, use no root account.',
  ],
  [/AccountKeychainError/, 'The access key may not sign this payment. Ask farebox wallet tempo keys.'],
  [
    /payment authorization did not verify|invalid payment authorization/i,
    'Check the identity (X-API-Key), the body and its Content-Type, and which key signs.',
  ],
];

/** Judges the answer to the request as it stands, without payment. */
export function examineFirstAnswer(answer: ProbeAnswer, request: ReplayableRequest): readonly Finding[] {
  const { status } = answer;
  if (status === 402) return [fine('answer', 'asks', 'The seller asks for payment.')];
  if (status >= 300 && status <= 399) return [examineRedirect(answer, 'answer', request)];
  if (status >= 200 && status <= 299) {
    return isHtml(answer)
      ? [htmlFault('answer', request)]
      : [
          note(
            'answer',
            'free',
            `The seller answered ${status} and asked for no payment.`,
            'There is nothing to pay for this request.',
          ),
        ];
  }
  const refusal = examineRefusal(answer);
  if (!offersPayment(status, answered(answer, 'www-authenticate'))) return [refusal];
  const text = `The seller refuses the request as it stands (${status}), and sells it.`;
  return [refusal, note('answer', 'offers_payment', text, payInsteadAdvice)];
}

/** Why a request was refused before anything was said of payment. */
function examineRefusal(answer: ProbeAnswer): Finding {
  const { status } = answer;
  const said = saidBy(answer);
  if (status === 401) {
    const next = "Give the seller's key, best as -H 'X-API-Key: …', which survives the payment.";
    return fault(
      'identity',
      'unauthorized',
      'you',
      `The seller does not know who you are (401)${said}`,
      next,
    );
  }
  if (status === 403)
    return fault(
      'answer',
      'forbidden',
      'you',
      `The seller refuses this identity or request (403)${said}`,
      'Ask the seller why.',
    );
  if (status === 404 || status === 405) {
    return fault(
      'answer',
      'not_there',
      'you',
      `There is nothing at this address for this method (${status})${said}`,
      'Look it up: farebox pay api <origin>',
    );
  }
  if (status === 409 || status === 423) {
    return fault(
      'lock',
      'conflict',
      'you',
      `Somebody, perhaps an earlier try of yours, holds what you ask for (${status})${said}`,
      'See the findings about the lock.',
    );
  }
  if (status === 429) {
    const after = answered(answer, 'retry-after');
    return fault(
      'answer',
      'too_many',
      'you',
      `The seller limits how often it is asked (429)${said}`,
      `Wait${after === undefined ? '' : ` ${plainText(after)} seconds`}, and try again.`,
    );
  }
  if (status >= 500)
    return fault(
      'answer',
      'seller_failed',
      'seller',
      `The seller failed (${status})${said}`,
      'Try again later; nothing was spent.',
    );
  return fault(
    'answer',
    'refused',
    'you',
    `The seller refuses the request (${status})${said}`,
    'Mend the request; its documents say how.',
  );
}

/** A redirect is followed by nobody here: to `/search` it is the sign of a request that was read as a web form (R19, R20). */
export function examineRedirect(answer: ProbeAnswer, area: Place, request: ReplayableRequest): Finding {
  const target = plainText(answered(answer, 'location') ?? 'nowhere');
  const { blame, next } = blameFor(area, request);
  if (/(?:^|\/)search\b/.test(target.replace(/[?#].*$/, ''))) {
    const text = `The seller read the request as a web form and points to ${target} (${answer.status}). That is a malformed request, never a success.`;
    return fault(area, 'redirect_search', blame, text, next);
  }
  return fault(
    area,
    'redirected',
    'seller',
    `The seller points to ${target} (${answer.status}). Redirects are not followed: a payment is for one address.`,
    area === 'replay' && blame === 'seller' ? next : 'Ask at that address if you trust it.',
  );
}

/** A page for people where data was asked for (R21). */
export function htmlFault(area: Place, request: ReplayableRequest): Finding {
  const { blame, next } = blameFor(area, request);
  const text =
    'The seller answered with a web page (HTML) instead of data. That is a malformed request, never a success.';
  return fault(area, 'html', blame, text, next);
}

/** Which of the two answers: to the request as it stands, or to its replay with a credential. */
type Place = 'answer' | 'replay';

/** Who has to mend a request that was read as a web form: who sent a body and did not say that it is JSON, else the seller. */
function blameFor(area: Place, { headers, body }: ReplayableRequest): { blame: Blame; next: string } {
  const type = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
  if (body !== undefined && !/[/+]json\b/i.test(type)) {
    const next =
      'Send the JSON body with Content-Type: application/json, and the identity in X-API-Key; if all that is so, tell the seller.';
    return { blame: 'you', next };
  }
  if (area === 'replay') {
    const next =
      'Do not pay here. Body, Content-Type and X-API-Key were sent again exactly as before, so tell the seller.';
    return { blame: 'seller', next };
  }
  const right =
    body === undefined
      ? 'The request has no body that could be misread.'
      : 'The body was sent as JSON, with its Content-Type.';
  const origin = 'farebox pay api <origin>';
  return {
    blame: 'seller',
    next: `${right} If the address is right (${origin} lists them), tell the seller.`,
  };
}

/** What the seller says itself, as data; begins with a colon, ends with a full stop. */
export function saidBy(answer: ProbeAnswer): string {
  const problem = readProblem(answer.body, answer.status);
  const text = (problem?.detail ?? problem?.title ?? '').trim();
  return text === '' ? '.' : `: “${text.replace(/\.$/, '')}”.`;
}

/** Advice for texts that sellers are known to answer with. */
export function adviseOnText(answer: ProbeAnswer): string | undefined {
  const text = answer.body.slice(0, 8_192);
  return knownTexts.find(([pattern]) => pattern.test(text))?.[1];
}
