import {
  type Amount,
  bindingInput,
  decodeRequest,
  encodeRequest,
  parseCredential,
  serializeChallenge,
} from '@farebox/protocol';
import { createKeyring } from '@farebox/protocol/binding';
import type { TempoSeller } from '@farebox/tempo';
import { realm, secret } from './market.js';
import { type Listening, listen } from './upstream.js';

/** The least that can sell with a method: challenge, check of the id, verification. It answers who has paid. */
export function startMethodSeller(method: TempoSeller, price: Amount): Promise<Listening> {
  const keyring = createKeyring([secret]);
  return listen(async ({ headers }, response) => {
    const nowMs = Date.now();
    const credential = parseCredential(headers.authorization ?? '');
    if (credential.ok) {
      const { challenge, payload, source } = credential.value;
      const requestObject = decodeRequest(challenge.request);
      const ours = keyring.verify(bindingInput(challenge), challenge.id);
      if (!ours || requestObject === undefined) return void response.writeHead(402).end('not ours');
      const context = { nowMs, ...(source !== undefined && { source }) };
      const result = await method.verify({ ...challenge, requestObject }, payload, context);
      if (!result.ok) return void response.writeHead(402).end(JSON.stringify(result.refusal));
      response.setHeader('content-type', 'application/json');
      return void response.end(JSON.stringify({ payer: result.settlement.payer }));
    }
    const offer = { method: 'tempo', intent: 'charge', price };
    const quote = await method.quote(offer, { nowMs, challengeLifeMs: 300_000 });
    const unsigned = {
      realm,
      method: 'tempo',
      intent: 'charge',
      request: encodeRequest(quote.request),
      expires: new Date(quote.expiresMs).toISOString(),
    };
    const challenge = { ...unsigned, id: keyring.sign(bindingInput(unsigned)) };
    response.writeHead(402, { 'www-authenticate': serializeChallenge(challenge) }).end();
  });
}
