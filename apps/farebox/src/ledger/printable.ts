/**
 * Text that came from outside, for a terminal: control characters, which could move the cursor or hide what stands
 * there, become spaces.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');
}
