import { expect, it } from 'vitest';
import type { KeysConfig } from '../config/access-config.js';
import { OwnConcurrency } from '../limits/concurrency.js';
import { createMemoryLimiter } from '../limits/memory-limiter.js';
import type { Plan } from '../limits/window.js';
import { createKeyRoom, judgeKey, type KeyedRequest, strangerBudget } from './judge.js';
import { KeyCache } from './key-cache.js';
import { createLastUse } from './last-use.js';
import { openSqliteKeys } from './sqlite.js';
import { newKey, startMs } from './testing/new-key.js';

const plan: Plan = {
  name: 'default',
  windows: [{ name: 'day', requests: 2, length: { kind: 'calendar', unit: 'day' } }],
  concurrency: 5,
  keyLifeMs: undefined,
};
const config: KeysConfig & { readonly realm: string } = {
  realm: 'a "shop"',
  header: 'x-api-key',
  prefix: 'fb_test_',
  store: { kind: 'sqlite', path: ':memory:' },
  plans: new Map([['default', plan]]),
  labels: new Set(),
};

async function scene() {
  const store = await openSqliteKeys(':memory:');
  const limiter = await createMemoryLimiter();
  const room = createKeyRoom({
    cache: new KeyCache({ store }),
    limiter,
    concurrency: new OwnConcurrency(),
    lastUse: createLastUse(store, () => {}),
  });
  const { key, secret } = newKey();
  await store.create(key);
  const judge = (given: string, more: Partial<KeyedRequest> = {}) => {
    const request = {
      secret: given,
      method: 'GET',
      path: '/x',
      labels: [],
      client: '192.0.2.1',
      free: undefined,
    };
    return judgeKey(room, config, { ...request, ...more }, startMs);
  };
  return { store, room, secret, judge };
}

it('a store that does not answer is 503, and no stranger is counted for it', async () => {
  const { store, judge, secret } = await scene();
  await store.close();
  for (let i = 0; i < strangerBudget.client.burst + 5; i++) {
    const verdict = await judge(secret);
    if (verdict.ok) throw new Error('It opened.');
    expect([verdict.reason, verdict.problem.status, verdict.fields]).toEqual([
      'unavailable',
      503,
      ['Retry-After', '2'],
    ]);
  }
});

it('what is refused for its window holds no place among those going on; what is served does until it is over', async () => {
  const { room, judge, secret } = await scene();
  const first = await judge(secret);
  const second = await judge(secret);
  expect(room.concurrency.size).toBe(1);
  expect((await judge(secret)).ok).toBe(false);
  for (const verdict of [first, second]) if (verdict.ok) verdict.done();
  expect(room.concurrency.size).toBe(0);
});

it('at one moment no more than the window says, whatever the order of many', async () => {
  const { judge, secret } = await scene();
  const verdicts = await Promise.all(Array.from({ length: 4 }, () => judge(secret)));
  expect(verdicts.filter(({ ok }) => ok)).toHaveLength(2);
});

it('the challenge of a 401 is one quoted string, whatever the realm', async () => {
  const { judge } = await scene();
  const verdict = await judge('nonsense');
  if (verdict.ok) throw new Error('It opened.');
  expect(verdict.fields).toEqual([
    'WWW-Authenticate',
    'ApiKey realm="a \\"shop\\"", in="header", name="x-api-key"',
  ]);
});
