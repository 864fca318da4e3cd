import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WalletErrorCode } from '../errors.js';
import type { JournalState } from '../states.js';
import { failureOf } from '../testing/failure.js';
import { openTestPurse, type TestPurse } from '../testing/purse.js';
import { deliver, honest, Seller } from '../testing/seller.js';
import { createPayingFetch, type PayingFetch } from './paying-fetch.js';
import { readAheadBytes } from './response.js';

let seller: Seller;
let purse: TestPurse;
let controller: AbortController;

beforeEach(async () => {
  seller = await new Seller().listen();
  purse = openTestPurse(seller.node);
  controller = new AbortController();
});

afterEach(async () => {
  purse.close();
  await seller.close();
});

const reason = 'the user went home';
const abort = () => controller.abort(reason);
const goods = 'x'.repeat(readAheadBytes * 4);

/** Where the caller gives up, what the call says then, and what the journal knows. */
interface Moment {
  readonly when: string;
  readonly code: WalletErrorCode;
  readonly payments: 0 | 1;
  readonly state: JournalState | undefined;
  /** Sets the trap. */
  readonly arm: () => PayingFetch;
}

const over = (changes: Partial<typeof purse.lightning> = {}): PayingFetch => {
  const { lightning } = purse;
  const method = {
    method: 'lightning',
    intent: 'charge',
    inspect: lightning.inspect.bind(lightning),
    resume: lightning.resume.bind(lightning),
    pay: lightning.pay.bind(lightning),
    ...changes,
  };
  return createPayingFetch({ wallet: purse.another({ methods: [method] }) });
};

const moments: readonly Moment[] = [
  {
    when: 'before the call',
    code: 'aborted',
    payments: 0,
    state: undefined,
    arm: () => {
      abort();
      return over();
    },
  },
  {
    when: 'before the 402',
    code: 'aborted',
    payments: 0,
    state: undefined,
    arm: () => {
      seller.behave(() => abort());
      return over();
    },
  },
  {
    when: 'while the challenge is inspected',
    code: 'aborted',
    payments: 0,
    state: undefined,
    arm: () =>
      over({
        inspect: (...args) => {
          abort();
          return purse.lightning.inspect(...args);
        },
      }),
  },
  {
    when: 'while the node pays',
    code: 'unpresented',
    payments: 1,
    state: 'paid',
    arm: () =>
      over({
        pay: (...args) => {
          abort();
          return purse.lightning.pay(...args);
        },
      }),
  },
  {
    when: 'after the node has paid, before its word arrives',
    code: 'unpresented',
    payments: 1,
    state: 'paid',
    arm: () =>
      over({
        pay: async (...args) => {
          const outcome = await purse.lightning.pay(...args);
          abort();
          return outcome;
        },
      }),
  },
  {
    when: 'while the credential is presented',
    code: 'answer_unknown',
    payments: 1,
    state: 'answer-unknown',
    arm: () => {
      seller.behave((turn) => (turn.seen.credential === undefined ? honest(turn) : abort()));
      return over();
    },
  },
];

describe('giving up', () => {
  it.each(moments)('$when: $code', async ({ code, payments, state, arm }) => {
    const failure = await failureOf(arm()(seller.url, { signal: controller.signal }));
    expect(failure).toMatchObject({ code, cause: reason });
    expect(purse.node.paid).toHaveLength(payments);
    expect(purse.journal.list().map((entry) => entry.state)).toEqual(state === undefined ? [] : [state]);
    if (payments === 0) return;
    // Nothing is lost: the same payment gets the answer.
    seller.behave(({ seen, response }) => {
      if (seen.credential) deliver(response, seen.credential);
    });
    expect(await (await over().resume(failure.paymentId ?? '')).text()).toBe('{"rate":1}');
    expect(purse.node.paid).toHaveLength(1);
    expect(purse.journal.list()[0]?.state).toBe('delivered');
  });

  it('within the body: the reader is told, and resume gets it whole', async () => {
    let first = true;
    seller.behave((turn) => {
      if (turn.seen.credential === undefined) return honest(turn);
      const whole = !first;
      first = false;
      return void (whole ? turn.response.end(goods) : turn.response.write(goods));
    });
    const payingFetch = over();
    const response = await payingFetch(seller.url, { signal: controller.signal });
    const reader = response.body?.getReader();
    await reader?.read();
    abort();
    const drain = async () => {
      while (!(await reader?.read())?.done);
    };
    const failure = await failureOf(drain());
    expect(failure).toMatchObject({ code: 'answer_unknown', retry: 'resume' });
    expect((await (await payingFetch.resume(failure.paymentId ?? '')).text()).length).toBe(goods.length);
    expect(purse.node.paid).toHaveLength(1);
  });

  it('after everything has arrived changes nothing', async () => {
    const response = await over()(seller.url, { signal: controller.signal });
    await expect.poll(() => purse.journal.list()[0]?.state, { timeout: 50_000 }).toBe('delivered');
    abort();
    expect(await response.text()).toBe('{"rate":1}');
  });

  it('one of many calls leaves the others alone', async () => {
    const payingFetch = over();
    seller.behave(async (turn) => {
      if (turn.seen.url === '/3') return abort();
      await honest(turn);
    });
    const calls = Array.from({ length: 6 }, async (_, at) => {
      const signal = at === 3 ? controller.signal : null;
      return (await payingFetch(`${seller.url}/${at}`, { signal })).text();
    });
    const results = await Promise.allSettled(calls);
    expect(results.map(({ status }) => status)).toEqual(
      [0, 1, 2, 3, 4, 5].map((at) => (at === 3 ? 'rejected' : 'fulfilled')),
    );
    expect(purse.node.paid).toHaveLength(5);
  });
});
