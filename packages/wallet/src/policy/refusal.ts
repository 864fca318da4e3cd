import { WalletError, type WalletErrorOptions } from '../errors.js';

/** A rule of the policy that says no. */
export interface RuleRefusal {
  /** The key in the file: `limits.day`, `hosts[api.example.com].payment`, `deny.payees`. */
  readonly rule: string;
  readonly code:
    | 'policy_refused'
    | 'over_budget'
    | 'approval_refused'
    | 'insecure_url'
    | 'price_above_max'
    | 'currency_not_allowed';
  /** What was asked for and what is allowed: a sentence without its full stop. */
  readonly message: string;
}

/** The policy refused a payment; nothing was spent. The message names the rule and the file. */
export class PolicyRefusal extends WalletError {
  /** The key in the file. */
  readonly rule: string;
  /** The file. */
  readonly source: string;

  constructor({ rule, code, message }: RuleRefusal, source: string, options: WalletErrorOptions = {}) {
    super(code, `${message} (rule ${rule} in ${source}). Nothing was spent.`, options);
    this.rule = rule;
    this.source = source;
  }
}
