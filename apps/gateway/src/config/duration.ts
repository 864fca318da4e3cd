/** How a duration is written in `farebox.yaml`: a whole number and a unit, `500ms`, `30s`, `5m`, `2h`, `90d`. */
export const DURATION_PATTERN = /^[1-9][0-9]{0,5}(?:ms|s|m|h|d)$/;

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Reads a duration.
 *
 * @returns milliseconds, or undefined when `text` is not a duration.
 * @example
 * ```ts
 * import { parseDuration } from '@farebox/gateway';
 * parseDuration('5m'); // 300000
 * ```
 */
export function parseDuration(text: string): number | undefined {
  if (!DURATION_PATTERN.test(text)) return undefined;
  const unit = text.replace(/^[0-9]+/, '');
  const scale = UNIT_MS[unit];
  return scale === undefined ? undefined : Number.parseInt(text, 10) * scale;
}
