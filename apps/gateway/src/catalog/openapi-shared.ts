/** Names of our own components: a seller's file has none that begin so. */
export const sharedNames = {
  problem: 'FareboxProblem',
  paymentRequired: 'FareboxPaymentRequired',
  otherResource: 'FareboxOtherResource',
  badRequest: 'FareboxBadRequest',
  forbidden: 'FareboxForbidden',
  unauthorized: 'FareboxUnauthorized',
  tooManyRequests: 'FareboxTooManyRequests',
  unavailable: 'FareboxUnavailable',
  upstreamFailed: 'FareboxUpstreamFailed',
  receipt: 'FareboxPaymentReceipt',
} as const;

const problemContent = {
  'application/problem+json': { schema: { $ref: `#/components/schemas/${sharedNames.problem}` } },
};

/** The problem document of every refusal of the gateway (RFC 9457), as far as all of them have it. */
export const problemSchema = {
  type: 'object',
  description: 'A problem document (RFC 9457).',
  required: ['type', 'title', 'status'],
  properties: {
    type: { type: 'string', format: 'uri-reference', description: 'What kind of problem it is.' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'What happened, and what to do next.' },
    challengeId: { type: 'string', description: 'The challenge that it is about.' },
    retry: { type: 'string', description: 'Whether asking again helps, and how.' },
  },
};

const challengesHeader = {
  description: 'A Payment challenge for each offer (draft-httpauth-payment-00).',
  schema: { type: 'string' },
};
const retryAfterHeader = { description: 'Seconds to wait.', schema: { type: 'integer' } };

/** What is left of the limits of a key, or of what is free (draft-ietf-httpapi-ratelimit-headers). */
export const rateLimitHeaders = {
  RateLimit: {
    description: 'What is left of each window, and the seconds until there is more.',
    schema: { type: 'string' },
  },
  'RateLimit-Policy': { description: 'What is allowed in each window.', schema: { type: 'string' } },
};

/** Answers that the gateway itself gives. */
export const sharedResponses = {
  [sharedNames.paymentRequired]: {
    description:
      'Payment Required: pay one of the challenges and send the request again with its credential.',
    headers: { 'WWW-Authenticate': challengesHeader },
    content: problemContent,
  },
  [sharedNames.otherResource]: {
    description: 'The credential was issued for another resource, and still buys that one.',
    content: problemContent,
  },
  [sharedNames.forbidden]: {
    description:
      'The credential was issued for another resource, and still buys that one; or the key is not for this one: pay, or use another key.',
    headers: { 'WWW-Authenticate': challengesHeader },
    content: problemContent,
  },
  [sharedNames.unauthorized]: {
    description: 'The key is not known, or is expired or revoked: leave it out and pay, or use another.',
    headers: {
      'WWW-Authenticate': {
        description: 'A challenge for the key, and a Payment challenge for each offer.',
        schema: { type: 'string' },
      },
    },
    content: problemContent,
  },
  [sharedNames.tooManyRequests]: {
    description:
      'The limit of the key is reached, or too many challenges are unpaid: wait, or pay one of the challenges where there are some.',
    headers: { 'WWW-Authenticate': challengesHeader, 'Retry-After': retryAfterHeader, ...rateLimitHeaders },
    content: problemContent,
  },
  [sharedNames.unavailable]: {
    description:
      'Payments or keys cannot be checked at the moment. Nothing was used up; send the same again.',
    headers: { 'Retry-After': retryAfterHeader },
    content: problemContent,
  },
  [sharedNames.upstreamFailed]: {
    description:
      'The service behind the gateway failed. Nothing was charged: the same credential works again.',
    content: problemContent,
  },
  [sharedNames.badRequest]: {
    description: 'The request cannot be read in one way only. Nothing was charged.',
    content: problemContent,
  },
};

/** Header fields of a paid answer, by the name of their component. */
export const sharedHeaders = {
  [sharedNames.receipt]: {
    description:
      'Receipt of the payment, base64url JSON (draft-httpauth-payment-00). Absent where nothing was paid.',
    schema: { type: 'string' },
  },
};

/** The header of a paid answer. */
export const receiptHeader = { 'Payment-Receipt': { $ref: `#/components/headers/${sharedNames.receipt}` } };

/** How a request is authorised: by a payment, or by a key where the seller gives keys out. */
export function securitySchemes(keyHeader: string | undefined): Record<string, object> {
  return {
    payment: {
      type: 'http',
      scheme: 'Payment',
      description:
        'The Payment authentication scheme: ask, get 402 with a challenge, pay it, ask again with its credential.',
    },
    ...(keyHeader === undefined
      ? {}
      : {
          apiKey: {
            type: 'apiKey',
            in: 'header',
            name: keyHeader,
            description: 'A key, with its rate limits.',
          },
        }),
  };
}
