/** A positive decimal number, exactly: `units` / 10^`scale`. */
export interface Decimal {
  readonly units: bigint;
  readonly scale: number;
}

/** A decimal number as it is written: `65012.5`. Zeros behind the point are left out. */
export function formatDecimal({ units, scale }: Decimal): string {
  const digits = units.toString().padStart(scale + 1, '0');
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, '');
  const whole = digits.slice(0, digits.length - scale);
  return scale === 0 || fraction === '' ? whole : `${whole}.${fraction}`;
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
