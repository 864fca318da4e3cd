import type { Challenge, JsonObject } from '@farebox/protocol';

/** What a finding is about. */
export type Area =
  | 'network'
  | 'tls'
  | 'clock'
  | 'request'
  | 'identity'
  | 'answer'
  | 'challenge'
  | 'replay'
  | 'lock'
  | 'wallet';

/** Who can put it right. */
export type Blame = 'you' | 'seller' | 'network';

/** One thing that was looked at. */
export interface Finding {
  readonly area: Area;
  /** Stable, for programs. */
  readonly code: string;
  /** `fault`: does not work, or breaks a MUST. `warning`: breaks a SHOULD, or will not work for long. */
  readonly level: 'ok' | 'note' | 'warning' | 'fault' | 'skipped';
  /** One sentence. What it takes over from a seller is short and without control characters. */
  readonly text: string;
  /** With a fault or a warning. */
  readonly blame?: Blame;
  /** What to do, where there is something. */
  readonly next?: string;
}

/** What a method's own specification says of a challenge, point by point. Asks nobody. */
export interface MethodExaminer {
  readonly method: string;
  readonly intent: string;
  examine(
    challenge: Challenge,
    request: JsonObject,
    nowMs: number,
  ): readonly Finding[] | Promise<readonly Finding[]>;
}

/** All is well with one point. */
export function fine(area: Area, code: string, text: string): Finding {
  return { area, code, level: 'ok', text };
}

/** Worth knowing, and no fault. */
export function note(area: Area, code: string, text: string, next?: string): Finding {
  return { area, code, level: 'note', text, ...(next !== undefined && { next }) };
}

/** Was not looked at, and why. */
export function skipped(area: Area, code: string, text: string): Finding {
  return { area, code, level: 'skipped', text };
}

/** Does not work, or breaks a MUST. */
export function fault(area: Area, code: string, blame: Blame, text: string, next?: string): Finding {
  return { area, code, level: 'fault', blame, text, ...(next !== undefined && { next }) };
}

/** Breaks a SHOULD, or will not work for long. */
export function warning(area: Area, code: string, blame: Blame, text: string, next?: string): Finding {
  return { area, code, level: 'warning', blame, text, ...(next !== undefined && { next }) };
}
