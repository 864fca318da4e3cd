/**
 * A payment challenge: the auth-params of one `WWW-Authenticate: Payment` challenge
 * (draft-httpauth-payment-00 §"Challenge (WWW-Authenticate)").
 *
 * Every value is the raw string of the wire. `request` and `opaque` stay base64url text: they are what the
 * id was computed over, and re-encoding them could change a byte.
 */
export interface Challenge {
  readonly id: string;
  readonly realm: string;
  readonly method: string;
  readonly intent: string;
  /** base64url(JCS(JSON)), as it stood on the wire. */
  readonly request: string;
  /** RFC 3339 date-time. */
  readonly expires?: string;
  /** RFC 9530 content digest of the body that the challenge is for. */
  readonly digest?: string;
  /** For display only; no decision may rest on it. */
  readonly description?: string;
  /** base64url(JCS(flat string map)), the server's correlation data. */
  readonly opaque?: string;
}
