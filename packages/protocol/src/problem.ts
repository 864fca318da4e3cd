/** What a client may do after a failure without risking money. */
export type Retry = 'safe' | 'same-credential' | 'resume' | 'never';

/** Problem Details (RFC 9457), with the members that Farebox adds. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly challengeId?: string;
  readonly retry?: Retry;
  readonly [member: string]: unknown;
}
