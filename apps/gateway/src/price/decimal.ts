/** A positive decimal number, exactly: `units` / 10^`scale`. */
export interface Decimal {
  readonly units: bigint;
  readonly scale: number;
}

const decimalForm = /^(0|[1-9][0-9]{0,17})(?:\.([0-9]{1,18}))?$/;

/**
 * Reads a decimal number above zero, without exponent.
 *
 * @returns undefined when `text` is none
 */
export function parseDecimal(text: string): Decimal | undefined {
  const found = decimalForm.exec(text);
  if (found === null) return undefined;
  const [, whole = '', fraction = ''] = found;
  const units = BigInt(whole + fraction);
  return units === 0n ? undefined : { units, scale: fraction.length };
}
