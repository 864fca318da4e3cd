import { setTimeout as delay } from 'node:timers/promises';
import { type Result, refuse } from '@farebox/protocol';
import type { TempoAccount } from '../accounts/account.js';
import { authorizeCommand } from '../accounts/key-advice.js';
import { instant } from '../accounts/key-check.js';
import type { ProvisioningLease } from '../accounts/provisioning-lease.js';
import { readSnapshot } from '../accounts/snapshot.js';
import type { TempoChain } from '../chain/chain.js';
import { settledAfterS } from './buyer-find.js';
import { describe } from './buyer-outcomes.js';
import { type PaymentPlan, type PlanContext, planPayment, planQuestions } from './buyer-plan.js';

/** How often it is asked whether another payment has registered the key, milliseconds. */
export const provisioningPollMs = 250;

/** What preparing needs of a buyer. */
export interface Preparer {
  readonly account: TempoAccount;
  readonly chain: TempoChain;
  readonly lease?: ProvisioningLease;
}

/**
 * Asks the chain and plans the payment: one call of the node. Where the payment would carry the key's permission and
 * another one is on its way that does too, waits until the key is registered, or until that other one cannot be mined
 * any more.
 *
 * Codes: those of {@link planPayment}, `node_unreachable`, `lease_missing`, `lease_unavailable`,
 * `key_being_registered`.
 */
export async function preparePayment(
  preparer: Preparer,
  context: PlanContext,
  deadlineMs: number,
  now: () => number,
): Promise<Result<PaymentPlan>> {
  const { chain, lease, account } = preparer;
  const untilMs = Math.min(deadlineMs, context.charge.inspection.expiresMs);
  for (;;) {
    let plan: Result<PaymentPlan>;
    let timeS: number;
    try {
      const snapshot = await readSnapshot(chain, planQuestions(context));
      timeS = snapshot.timeS;
      plan = planPayment(context, snapshot, now());
    } catch (error) {
      // Only questions were asked: nothing was signed.
      return refuse('node_unreachable', `The node could not be asked before paying (${describe(error)})`);
    }
    const { accessKey } = account;
    if (!plan.ok || plan.value.authorization === undefined || accessKey === undefined) return plan;
    if (lease === undefined) {
      const command = authorizeCommand({ keyAddress: accessKey.address, keyType: account.keyType });
      return refuse(
        'lease_missing',
        `The key is not registered yet, and this wallet has nothing to keep two payments from registering it at once; register it with: ${command}`,
      );
    }
    // Taken last, when the payment would otherwise be signed, and for as long as it can be mined.
    const key = { chainId: context.charge.inspection.chainId, account: account.address };
    const leaseUntilS = plan.value.transaction.validBefore + settledAfterS;
    try {
      if (lease.acquire({ ...key, keyAddress: accessKey.address }, leaseUntilS, timeS)) return plan;
    } catch {
      return refuse('lease_unavailable', 'The folder of the key lease cannot be written; nothing was signed');
    }
    if (now() + provisioningPollMs >= untilMs) {
      return refuse(
        'key_being_registered',
        `Another payment is registering this key; try again once it has, or after ${instant(leaseUntilS)}`,
      );
    }
    await delay(provisioningPollMs);
  }
}
