import { type Header, headerValue, type ReplayableRequest } from '../request.js';
import { isSecretHeader } from '../secret-headers.js';
import { type Finding, fault, fine, note, warning } from './finding.js';

/** How the credential will travel. */
export type CredentialPlace = 'authorization' | 'payment-authorization';

/** The identity that a request carries (R1–R3, R13, R17): what survives when the credential is added, and what does not. */
export function examineIdentity(headers: readonly Header[], place: CredentialPlace): readonly Finding[] {
  const key = headerValue(headers, 'x-api-key');
  const own = headerValue(headers, 'authorization');
  const findings: Finding[] = [];
  if (key !== undefined) {
    findings.push(
      fine('identity', 'api_key', 'Your identity is in X-API-Key, which stays when the payment is added.'),
    );
  }
  if (own === undefined) {
    if (key === undefined) {
      findings.push(
        note(
          'identity',
          'anonymous',
          'The request carries no identity. That is right for sellers who need none.',
        ),
      );
    }
    return findings;
  }
  if (place === 'payment-authorization') {
    findings.push(
      fine(
        'identity',
        'own_authorization',
        'The credential goes in Payment-Authorization, so your own Authorization stays.',
      ),
    );
    return findings;
  }
  const scheme = /^[A-Za-z0-9-]{1,32}/.exec(own)?.[0] ?? 'another scheme';
  const text = `Your Authorization (${scheme}) is replaced by the credential when you pay: `;
  findings.push(
    key === undefined
      ? fault(
          'identity',
          'authorization_replaced',
          'you',
          `${text}the seller then no longer knows who you are.`,
          "Give the same key as -H 'X-API-Key: …' instead of Authorization; or, where the seller accepts it, --keep-authorization.",
        )
      : note('identity', 'authorization_replaced', `${text}X-API-Key is what remains, and is enough.`),
  );
  return findings;
}

/** The body and what is said of it (R14–R16, R19): a replay without them is another request. */
export function examineBody(request: ReplayableRequest): readonly Finding[] {
  const { body, method, headers } = request;
  const type = headerValue(headers, 'content-type');
  if (body === undefined) {
    return method === 'GET' || method === 'HEAD'
      ? []
      : [note('request', 'no_body', `The ${method} has no body; give it with -d if the seller wants one.`)];
  }
  const json = isJson(body);
  const saysJson = /[/+]json\b/i.test(type ?? '');
  if (saysJson && !json) {
    return [
      fault(
        'request',
        'body_not_json',
        'you',
        `The body is not the JSON that Content-Type (${type}) says it is.`,
        'Mend the body.',
      ),
    ];
  }
  if (json && !saysJson) {
    return [
      fault(
        'request',
        'content_type',
        'you',
        `The body is JSON, and Content-Type says ${type ?? 'nothing'}: sellers then read it as a web form and answer with a page or a redirect.`,
        "Leave Content-Type out, or give -H 'Content-Type: application/json'.",
      ),
    ];
  }
  return [
    fine(
      'request',
      'body_kept',
      `Method, address, Content-Type (${type ?? 'none'}) and all ${body.byteLength} bytes of the body are sent again as they are.`,
    ),
  ];
}

function isJson(body: Uint8Array): boolean {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
    return typeof value === 'object' && value !== null;
  } catch {
    return false;
  }
}

/** Headers that the journal does not keep: after a crash they must be given again. */
export function examineHeaders(headers: readonly Header[]): readonly Finding[] {
  const secret = headers
    .map(([name]) => name)
    .filter((name) => isSecretHeader(name) && !/^authorization$/i.test(name));
  if (secret.length === 0) return [];
  const text = `Secret headers are sent both times and never stored (${secret.join(', ')}).`;
  return [
    note('request', 'secret_headers', text, 'After a crash, give them again: farebox pay resume <id> -H …'),
  ];
}

/** What the registrar of the seeds needs to know that it is to be paid by machine. */
export function examinePaymentHeader(request: ReplayableRequest): readonly Finding[] {
  const wanted = /\/api\/v1\/domains\/(?:register|renew)$/.test(new URL(request.url).pathname);
  if (!wanted || headerValue(request.headers, 'x-payment-method') !== undefined) return [];
  const next = "Give -H 'X-Payment-Method: mpp'.";
  return [
    warning('request', 'payment_method', 'you', 'Registrars of this kind want X-Payment-Method: mpp.', next),
  ];
}
