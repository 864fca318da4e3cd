/** How a duration is written: a whole number and a unit, `30s`, `5m`, `2h`, `400d`. */
export const durationPattern = /^[1-9][0-9]{0,5}(?:s|m|h|d)$/;

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Reads a duration as milliseconds; undefined for what is none. */
export function parseDuration(text: string): number | undefined {
  if (!durationPattern.test(text)) return undefined;
  const scale = unitMs[text.at(-1) ?? ''];
  return scale === undefined ? undefined : Number.parseInt(text, 10) * scale;
}
