import { type Coupon, type Namespace, phaseAt, type YearPrice } from './namespace.js';

/** What an order costs. */
export interface OrderPrice {
  /** Before the coupon. */
  readonly gross: YearPrice;
  /** What is paid. */
  readonly net: YearPrice;
  readonly premium: boolean;
  /** The coupon that was taken off. */
  readonly coupon: string | undefined;
  /** How many orders that coupon is good for; undefined: any number. */
  readonly couponUsesMax?: number | undefined;
}

/** What is priced. */
export interface PricedOrder {
  readonly kind: 'register' | 'renew';
  readonly name: string;
  readonly years: number;
  readonly coupon: Coupon | undefined;
}

/** Prices an order. A premium name costs its own price a year, also when it is renewed. */
export function priceOrder(namespace: Namespace, order: PricedOrder, nowMs: number): OrderPrice {
  const { kind, name, years, coupon } = order;
  const premium = namespace.premium.get(name);
  const usual = kind === 'register' ? namespace.agentPrice : namespace.renewalPrice;
  const factor = BigInt(years) * (kind === 'register' ? phaseAt(namespace, nowMs).multiplier : 1n);
  const gross = each(premium ?? usual, (amount) => amount * factor);
  const net =
    coupon === undefined ? gross : each(gross, (amount) => amount - (amount * coupon.percent) / 100n);
  return {
    ...{ gross, net, premium: premium !== undefined },
    ...{ coupon: coupon?.code, couponUsesMax: coupon?.usesMax },
  };
}

function each({ usdMicros, sats }: YearPrice, change: (amount: bigint) => bigint): YearPrice {
  return { usdMicros: change(usdMicros), sats: sats === undefined ? undefined : change(sats) };
}

/** True where nothing is to be paid. */
export function isFree({ usdMicros, sats }: YearPrice): boolean {
  return usdMicros === 0n && (sats === undefined || sats === 0n);
}

const microsDecimals = 6;

/** `0.52`, from millionths: as few digits as say it all, at least two after the point. */
export function decimalUsd(micros: bigint): string {
  const text = micros.toString().padStart(microsDecimals + 1, '0');
  const whole = text.slice(0, -microsDecimals);
  const part = text.slice(-microsDecimals).replace(/0{1,4}$/, '');
  return `${whole}.${part}`;
}

/** Millionths of `0.52`; undefined for anything that is no plain decimal number of at most six digits after the point. */
export function readUsd(text: string): bigint | undefined {
  const [, whole, part = ''] = /^([0-9]{1,9})(?:\.([0-9]{1,6}))?$/.exec(text) ?? [];
  return whole === undefined ? undefined : BigInt(whole + part.padEnd(microsDecimals, '0'));
}
