// The life of an order. An order is keyed by what pays for it: its challenge, or a key of our own where nothing is paid.

/**
 * pending    its buyer has been asked to pay
 * executing  a credential has been presented for it, and money may be moving
 * done       carried out, once
 * failed     paid, and it could not be carried out; what was paid is on the buyer's balance
 * unknown    the registry was asked, and what it did is not known
 * lapsed     never paid, and its challenge is over
 */
export const orderStates = ['pending', 'executing', 'done', 'failed', 'unknown', 'lapsed'] as const;
/** One of {@link orderStates}. */
export type OrderState = (typeof orderStates)[number];

/**
 * present  a credential for it arrives
 * refuse   the credential did not verify, and nothing was paid
 * finish   it is carried out
 * fail     it cannot be carried out any more
 * lose     the registry did not say what it did
 * time     the challenge is over
 */
export const orderVerbs = ['present', 'refuse', 'finish', 'fail', 'lose', 'time'] as const;
/** One of {@link orderVerbs}. */
export type OrderVerb = (typeof orderVerbs)[number];

/**
 * Every step there is: from, verb, to. `finish` and `fail` are possible from `pending` and `lapsed` too: of two who present
 * the same credential the second may be refused while the first is still at work, and a payment that was made in time may be
 * presented late.
 */
export const orderSteps: readonly (readonly [OrderState, OrderVerb, OrderState])[] = [
  ['pending', 'present', 'executing'],
  ['pending', 'finish', 'done'],
  ['pending', 'fail', 'failed'],
  ['pending', 'lose', 'unknown'],
  ['pending', 'time', 'lapsed'],
  ['executing', 'present', 'executing'],
  ['executing', 'refuse', 'pending'],
  ['executing', 'finish', 'done'],
  ['executing', 'fail', 'failed'],
  ['executing', 'lose', 'unknown'],
  ['executing', 'time', 'lapsed'],
  ['unknown', 'present', 'unknown'],
  ['unknown', 'refuse', 'unknown'],
  ['unknown', 'finish', 'done'],
  ['unknown', 'fail', 'failed'],
  ['unknown', 'lose', 'unknown'],
  ['lapsed', 'present', 'executing'],
  ['lapsed', 'finish', 'done'],
  ['lapsed', 'fail', 'failed'],
  ['lapsed', 'lose', 'unknown'],
  ['done', 'present', 'done'],
  ['done', 'refuse', 'done'],
  ['done', 'finish', 'done'],
  ['failed', 'present', 'failed'],
  ['failed', 'refuse', 'failed'],
  ['failed', 'fail', 'failed'],
];

/** What a verb does in a state; undefined: it does not happen there. */
export function orderStep(from: OrderState, verb: OrderVerb): OrderState | undefined {
  return orderSteps.find(([state, each]) => state === from && each === verb)?.[2];
}

/** Reads a state that was stored. @throws Error when the store holds something else. */
export function readOrderState(text: string): OrderState {
  const state = orderStates.find((each) => each === text);
  if (state === undefined) throw new Error(`The store holds an order in the state "${text}", which is none.`);
  return state;
}
