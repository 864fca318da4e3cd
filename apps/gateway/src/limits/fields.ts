import type { WindowState } from './limiter.js';
import { type LimitWindow, longestMs } from './window.js';

/**
 * The `RateLimit-Policy` field (draft-ietf-httpapi-ratelimit-headers-10 §3): what is allowed, whatever is left of it. A month
 * has no length of its own, so its window is left out.
 */
export function policyField(windows: readonly LimitWindow[], concurrency?: number): string {
  const items = windows.map((window) => {
    const { name, requests, length } = window;
    const month = length.kind === 'calendar' && length.unit === 'month';
    return `"${name}";q=${requests}${month ? '' : `;w=${Math.ceil(longestMs(window) / 1_000)}`}`;
  });
  if (concurrency !== undefined) items.push(`"concurrent";q=${concurrency};qu="concurrent-requests"`);
  return items.join(', ');
}

/** The `RateLimit` field (§4): what is left, and the seconds until there is more. */
export function stateField(states: readonly WindowState[]): string {
  return states
    .map(
      ({ window, remaining, resetMs }) => `"${window.name}";r=${remaining};t=${Math.ceil(resetMs / 1_000)}`,
    )
    .join(', ');
}

/** Both fields as a flat list; nothing where there is no limit. */
export function rateLimitFields(
  windows: readonly LimitWindow[],
  states: readonly WindowState[],
  concurrency?: number,
): string[] {
  const fields: string[] = [];
  const policy = policyField(windows, concurrency);
  if (policy !== '') fields.push('RateLimit-Policy', policy);
  if (states.length > 0) fields.push('RateLimit', stateField(states));
  return fields;
}

/** The seconds of `Retry-After`: never too early, and at least one. */
export function retryAfterOf(resetMs: number): string {
  return String(Math.max(1, Math.ceil(resetMs / 1_000)));
}
