import type { RecordData } from '../zone/record-data.js';

/** Numbers of the record types that are answered (RFC 1035 §3.2.2, 3596, 6698, 8659). */
export const typeNumbers: Readonly<Record<RecordData['type'], number>> = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  HINFO: 13,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  TLSA: 52,
  CAA: 257,
};

/** The OPT pseudo record (RFC 6891 §6.1.1). */
export const typeOpt = 41;
/** Delegation signer: asked of the parent, so a referral is no answer to it (RFC 4035 §3.1.4.1). */
export const typeDs = 43;
/** Questions about whole zones: transfers and mail (RFC 5936, RFC 1035 §3.2.3), and meta types that are no data. */
export const transferTypes: ReadonlySet<number> = new Set([251, 252, 253, 254]);
/** "Everything there is" (RFC 8482). */
export const typeAny = 255;

/** The internet class. */
export const classIn = 1;

/** Response codes (RFC 1035 §4.1.1); those over 15 need EDNS (RFC 6891 §6.1.3). */
export const rcodes = {
  noError: 0,
  formErr: 1,
  servFail: 2,
  nxDomain: 3,
  notImp: 4,
  refused: 5,
  badVers: 16,
} as const;
/** One of {@link rcodes}. */
export type Rcode = (typeof rcodes)[keyof typeof rcodes];
