import { afterEach, beforeEach, expect, it } from 'vitest';
import { ask, newAgent, payLightning, type Read, registerPath } from '../testing/client.js';
import { namespaceOf, openRig, type Rig } from '../testing/rig.js';

let rig: Rig;
let key = '';
beforeEach(async () => {
  // Two rails are priced; nothing is paid on the first of them here.
  const tokens = [
    { name: 'pathUSD', address: `0x${'1'.repeat(40)}`, recipient: `0x${'2'.repeat(40)}` },
  ] as const;
  const tempo = { chainId: 4217, tokens };
  rig = await openRig({ paying: { tempo, lightning: true, usdMicrosPerGem: 520_000n } });
  ({ key } = await newAgent(rig));
});
afterEach(async () => {
  await rig.close();
  expect(rig.faults).toEqual([]);
});

const quoted = (json: object, as = key) => ask(rig, '/api/v1/domains/quote', { json, key: as });
const told = ({ status, body }: Read) => [status, body.code];

async function buy(domain: string): Promise<void> {
  const json = { domain, mpp_network: 'lightning' };
  const asked = await ask(rig, registerPath, { json, key });
  const headers = { Authorization: await payLightning(rig, asked) };
  expect((await ask(rig, registerPath, { json, key, headers })).status).toBe(200);
}

it('says what the order says: of one’s own name, of another’s, of nobody’s, for a term that is too long', async () => {
  await buy('mine.agent');
  const stranger = await newAgent(rig);
  const lightning = { mpp_network: 'lightning' };
  for (const [kind, path] of [
    ['register', registerPath],
    ['renew', '/api/v1/renew'],
  ] as const) {
    for (const domain of ['mine.agent', 'free.agent', 'trademark.agent']) {
      for (const as of [key, stranger.key]) {
        for (const years of [1, 10]) {
          const json = { domain, years, ...lightning };
          const quote = await quoted({ ...json, order_kind: kind }, as);
          const order = await ask(rig, path, { json, key: as });
          const expected = order.status === 402 ? [200, undefined] : told(order);
          expect([kind, domain, as === key, years, ...told(quote)]).toEqual([
            ...[kind, domain, as === key, years],
            ...expected,
          ]);
          // Out of the way of the next.
          await ask(rig, `/api/v1/domains/${domain}/reset-lock`, { method: 'POST', key: as });
        }
      }
    }
  }
});

it('takes one’s own name for a renewal, at its price, also where it has been reserved since', async () => {
  await buy('mine.agent');
  const renewalPrice = { usdMicros: 600_000n, sats: 1_200n };
  const reserved = new Map([['mine', 'late']]);
  await rig.restart({ namespaces: [namespaceOf('agent', { reserved, renewalPrice })] });
  const quote = await quoted({ domain: 'mine.agent' });
  expect(quote.body).toMatchObject({ order_kind: 'renew', price: { amount: '0.60', sats: '1200' } });
  expect(quote.body.next).toMatchObject({ url: 'https://names.test/api/v1/renew' });
  expect(told(await quoted({ domain: 'mine.agent', years: 10 }))).toEqual([400, 'term-too-long']);
});

it('names the way of paying that was asked for, and prices no other', async () => {
  expect((await quoted({ domain: 'x.agent' })).body).toMatchObject({
    ...{ mpp_network: 'tempo', chain_id: 4217 },
    price: { currency: 'pathUSD', sats: '1000' },
  });
  const lightning = await quoted({ domain: 'x.agent', mpp_network: 'lightning' });
  expect(lightning.body).toMatchObject({ mpp_network: 'lightning', price: { amount: '0.52', sats: '1000' } });
  for (const member of ['chain_id', 'currency_address', 'recipient'])
    expect(lightning.body).not.toHaveProperty(member);
  expect((await quoted({ domain: 'x.agent', mpp_network: 'tempo' })).body.price).toMatchObject({
    sats: null,
  });
  await rig.restart({ paying: { tempo: undefined, lightning: true, usdMicrosPerGem: 520_000n } });
  expect((await quoted({ domain: 'x.agent' })).body.mpp_network).toBe('lightning');
  expect(told(await quoted({ domain: 'x.agent', mpp_network: 'tempo' }))).toEqual([
    403,
    'registration-closed',
  ]);
});

it('and the order refuse a name for somebody else, and a reseller', async () => {
  const { id } = await newAgent(rig);
  const me = (await ask(rig, '/api/v1/agents/me', { key })).body.agent_id;
  const statusOf = async (json: object) => {
    const order = { domain: 'x.agent', mpp_network: 'lightning', ...json };
    return [(await quoted(order)).status, (await ask(rig, registerPath, { json: order, key })).status];
  };
  expect(await statusOf({ target_owner_id: id })).toEqual([400, 400]);
  expect(await statusOf({ reseller_channel: 'shop' })).toEqual([400, 400]);
  expect(await statusOf({ target_owner_id: me, reseller_channel: null })).toEqual([200, 402]);
});
