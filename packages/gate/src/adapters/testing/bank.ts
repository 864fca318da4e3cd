import { Errors, Method, z } from 'mppx';

/** What a {@link Bank} does with the next transfer that it is told to make. */
export type BankMood =
  | 'pays'
  | 'loses its answer'
  | 'is closed'
  | 'gives no reference'
  | 'gives an odd reference';

/** A payment method that nobody has heard of, made for mppx as its documents say, with `validate` and `broadcast`. */
export class Bank {
  mood: BankMood = 'pays';
  /** What the `request` hook was called with. */
  readonly hooked: unknown[] = [];
  /** Tokens that were issued to buyers, and what each is good for. */
  readonly #tokens = new Map<string, string>();
  /** Transfers that were made, by token. */
  readonly transfers = new Map<string, string>();

  /** Gives a buyer a token for an amount. */
  issue(amount: string): string {
    const token = `token-${this.#tokens.size}`;
    this.#tokens.set(token, amount);
    return token;
  }

  /** The method, as a seller configures it. */
  method() {
    return Method.toServer(bankCharge, {
      request: (context) => {
        this.hooked.push(context);
        return context.request;
      },
      validate: async ({ credential, request }) => {
        if (this.#tokens.get(credential.payload.token) !== request.amount)
          throw new Errors.VerificationFailedError({ reason: `no such token: ${credential.payload.token}` });
        const { challenge } = credential;
        return { challenge, credential, details: {}, intent: 'charge', method: 'bank', request };
      },
      broadcast: async ({ credential }) => this.#transfer(credential.payload.token, credential.challenge.id),
    });
  }

  async #transfer(token: string, id: string) {
    if (this.mood === 'is closed') throw new Error('connect ECONNREFUSED');
    if (this.transfers.has(token))
      throw new Errors.InvalidChallengeError({ id, reason: 'already processed' });
    const reference = `transfer-${this.transfers.size + 1}`;
    this.transfers.set(token, reference);
    if (this.mood === 'loses its answer') throw new Error('socket hang up');
    const receipt = {
      method: 'bank',
      status: 'success',
      timestamp: new Date().toISOString(),
      branch: 'Zurich',
    } as const;
    const odd = { 'gives no reference': '', 'gives an odd reference': `überweisung ${reference}` };
    return { ...receipt, reference: new Map(Object.entries(odd)).get(this.mood) ?? reference };
  }
}

const bankCharge = Method.from({
  name: 'bank',
  intent: 'charge',
  schema: {
    credential: { payload: z.object({ token: z.string() }) },
    request: z.object({ amount: z.string(), currency: z.string(), purpose: z.optional(z.string()) }),
  },
});
