import { expect, it } from 'vitest';
import { readDomain } from './domain-name.js';
import { orderRequest } from './order.js';

const order = {
  kind: 'register',
  domain: readDomain('myname.chatbot'),
  years: 1,
  agreed: false,
  gems: false,
} as const;
const registrar = { origin: 'https://registrar.example', key: 'hd_agent_key' };

it('an order says who orders in X-API-Key, and leaves Authorization to the payment (R1, R3)', () => {
  const { url, method, headers, body } = orderRequest(registrar, order);
  expect([method, url]).toEqual(['POST', 'https://registrar.example/api/v1/domains/register']);
  const fields = Object.fromEntries([...Object(headers)]);
  expect(fields).toMatchObject({
    'X-API-Key': 'hd_agent_key',
    'X-Payment-Method': 'mpp',
    'Content-Type': 'application/json',
  });
  expect(fields).not.toHaveProperty('Authorization');
  expect(body).toBe('{"domain":"myname","namespace":"chatbot","years":1}');
});

it('terms are agreed to only by whoever said so (R6); a renewal names the whole name', () => {
  const bodyOf = (more: object) => JSON.parse(String(orderRequest(registrar, { ...order, ...more }).body));
  expect(bodyOf({})).not.toHaveProperty('agreed_to_terms');
  expect(bodyOf({ agreed: true })).toMatchObject({ agreed_to_terms: true });
  expect(bodyOf({ kind: 'renew', years: 3 })).toEqual({ domain: 'myname.chatbot', years: 3 });
  expect(bodyOf({ coupon: 'GIFT' })).toMatchObject({ coupon_code: 'GIFT' });
});

it('the balance and the payment are never both asked for (R5)', () => {
  const { headers, body } = orderRequest(registrar, { ...order, gems: true });
  expect(Object.fromEntries([...Object(headers)])).not.toHaveProperty('X-Payment-Method');
  expect(JSON.parse(String(body))).toMatchObject({ payment_method: 'gems' });
});

it('who has no key says so with nothing', () => {
  const { headers } = orderRequest({ ...registrar, key: undefined }, order);
  expect(Object.fromEntries([...Object(headers)])).not.toHaveProperty('X-API-Key');
});
