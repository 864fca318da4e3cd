import { NodeError, type NodeErrorCode, type PaymentState } from '../../node.js';

/**
 * A call that got no whole answer. `sent`: the node may have carried it out nevertheless. For a call that moves
 * money this decides everything: see {@link inFlightWhenSent}.
 */
export class CallLost extends NodeError {
  readonly sent: boolean;
  constructor(code: NodeErrorCode, message: string, sent: boolean, options?: ErrorOptions) {
    super(code, message, options);
    this.sent = sent;
  }
}

/**
 * Makes the call that pays. Once the request may have reached the node, "nothing was sent" would be a guess, and a
 * second payment its price: a call that is lost then is `in-flight`, to be tracked. One that certainly never left
 * rejects as it did.
 */
export async function inFlightWhenSent(pay: () => Promise<PaymentState>): Promise<PaymentState> {
  try {
    return await pay();
  } catch (error) {
    if (error instanceof CallLost && error.sent) return { status: 'in-flight' };
    throw error;
  }
}
