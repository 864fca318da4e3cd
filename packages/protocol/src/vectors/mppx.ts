import type { JsonObject } from '../json.js';

/**
 * Golden vectors, made with the mppx SDK, version 0.11.0, and cross-checked here: ids and requests are the same to the
 * byte; challenges, credentials and receipts mean the same (mppx orders their members in its own way).
 */

export interface GoldenVector {
  readonly name: string;
  readonly secret: string;
  readonly bound: {
    readonly realm: string;
    readonly method: string;
    readonly intent: string;
    readonly expires?: string;
    readonly digest?: string;
    readonly opaque?: string;
  };
  readonly requestObject: JsonObject;
  /** The request as it stands on the wire. */
  readonly request: string;
  readonly id: string;
  /** The field value of WWW-Authenticate that mppx writes. */
  readonly wire: string;
  /** The field value of Authorization that mppx writes for the payload below. */
  readonly credential: string;
}

/** What the credentials of the table hold beside the challenge. */
export const goldenPayload = { preimage: '07'.repeat(32) };
export const goldenSource = 'did:key:z6MkExample';

export const goldenVectors: readonly GoldenVector[] = [
  {
    name: 'required slots only',
    secret: 'first-secret-of-at-least-thirty-two-bytes',
    bound: {
      realm: 'shop.example',
      method: 'lightning',
      intent: 'charge',
    },
    requestObject: {
      amount: '1',
      currency: 'sat',
    },
    request: 'eyJhbW91bnQiOiIxIiwiY3VycmVuY3kiOiJzYXQifQ',
    id: 'cHg0hXo0j_jD_ui21aBF905-j8Qo7HCXDUDHZHtheYc',
    wire: 'Payment id="cHg0hXo0j_jD_ui21aBF905-j8Qo7HCXDUDHZHtheYc", realm="shop.example", method="lightning", intent="charge", request="eyJhbW91bnQiOiIxIiwiY3VycmVuY3kiOiJzYXQifQ"',
    credential:
      'Payment eyJjaGFsbGVuZ2UiOnsiaWQiOiJjSGcwaFhvMGpfakRfdWkyMWFCRjkwNS1qOFFvN0hDWERVREhaSHRoZVljIiwiaW50ZW50IjoiY2hhcmdlIiwibWV0aG9kIjoibGlnaHRuaW5nIiwicmVhbG0iOiJzaG9wLmV4YW1wbGUiLCJyZXF1ZXN0IjoiZXlKaGJXOTFiblFpT2lJeElpd2lZM1Z5Y21WdVkza2lPaUp6WVhRaWZRIn0sInBheWxvYWQiOnsicHJlaW1hZ2UiOiIwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3In0sInNvdXJjZSI6ImRpZDprZXk6ejZNa0V4YW1wbGUifQ',
  },
  {
    name: 'empty request',
    secret: 'first-secret-of-at-least-thirty-two-bytes',
    bound: {
      realm: 'shop.example',
      method: 'lightning',
      intent: 'charge',
    },
    requestObject: {},
    request: 'e30',
    id: 'Xb9DTjGfrND1ZnCKSM4WIHAjwm22iDzQw_oBcXT6vrg',
    wire: 'Payment id="Xb9DTjGfrND1ZnCKSM4WIHAjwm22iDzQw_oBcXT6vrg", realm="shop.example", method="lightning", intent="charge", request="e30"',
    credential:
      'Payment eyJjaGFsbGVuZ2UiOnsiaWQiOiJYYjlEVGpHZnJORDFabkNLU000V0lIQWp3bTIyaUR6UXdfb0JjWFQ2dnJnIiwiaW50ZW50IjoiY2hhcmdlIiwibWV0aG9kIjoibGlnaHRuaW5nIiwicmVhbG0iOiJzaG9wLmV4YW1wbGUiLCJyZXF1ZXN0IjoiZTMwIn0sInBheWxvYWQiOnsicHJlaW1hZ2UiOiIwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3In0sInNvdXJjZSI6ImRpZDprZXk6ejZNa0V4YW1wbGUifQ',
  },
  {
    name: 'expires',
    secret: 'first-secret-of-at-least-thirty-two-bytes',
    bound: {
      realm: 'shop.example',
      method: 'lightning',
      intent: 'charge',
      expires: '2026-03-15T12:05:00Z',
    },
    requestObject: {
      amount: '1',
      currency: 'sat',
    },
    request: 'eyJhbW91bnQiOiIxIiwiY3VycmVuY3kiOiJzYXQifQ',
    id: 'RAAlDU9ePCO9RSqJNUa_3R8Cy59lzjps-wHBhOvbn7w',
    wire: 'Payment id="RAAlDU9ePCO9RSqJNUa_3R8Cy59lzjps-wHBhOvbn7w", realm="shop.example", method="lightning", intent="charge", request="eyJhbW91bnQiOiIxIiwiY3VycmVuY3kiOiJzYXQifQ", expires="2026-03-15T12:05:00Z"',
    credential:
      'Payment eyJjaGFsbGVuZ2UiOnsiZXhwaXJlcyI6IjIwMjYtMDMtMTVUMTI6MDU6MDBaIiwiaWQiOiJSQUFsRFU5ZVBDTzlSU3FKTlVhXzNSOEN5NTlsempwcy13SEJoT3Zibjd3IiwiaW50ZW50IjoiY2hhcmdlIiwibWV0aG9kIjoibGlnaHRuaW5nIiwicmVhbG0iOiJzaG9wLmV4YW1wbGUiLCJyZXF1ZXN0IjoiZXlKaGJXOTFiblFpT2lJeElpd2lZM1Z5Y21WdVkza2lPaUp6WVhRaWZRIn0sInBheWxvYWQiOnsicHJlaW1hZ2UiOiIwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3In0sInNvdXJjZSI6ImRpZDprZXk6ejZNa0V4YW1wbGUifQ',
  },
  {
    name: 'digest without expires',
    secret: 'first-secret-of-at-least-thirty-two-bytes',
    bound: {
      realm: 'shop.example',
      method: 'lightning',
      intent: 'charge',
      digest: 'sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:',
    },
    requestObject: {
      amount: '1',
      currency: 'sat',
    },
    request: 'eyJhbW91bnQiOiIxIiwiY3VycmVuY3kiOiJzYXQifQ',
    id: 't9-SXsB262dJfOY8TvFL0CfXz63R9DiCUZnJyDVvHJQ',
    wire: 'Payment id="t9-SXsB262dJfOY8TvFL0CfXz63R9DiCUZnJyDVvHJQ", realm="shop.example", method="lightning", intent="charge", request="eyJhbW91bnQiOiIxIiwiY3VycmVuY3kiOiJzYXQifQ", digest="sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"',
    credential:
      'Payment eyJjaGFsbGVuZ2UiOnsiZGlnZXN0Ijoic2hhLTI1Nj06UksvMHF5MThNbEJTVm5XZ2p3ejZsWkVXalAvbEY1SEY5YnZFRjhGYWJEZz06IiwiaWQiOiJ0OS1TWHNCMjYyZEpmT1k4VHZGTDBDZlh6NjNSOURpQ1Vabkp5RFZ2SEpRIiwiaW50ZW50IjoiY2hhcmdlIiwibWV0aG9kIjoibGlnaHRuaW5nIiwicmVhbG0iOiJzaG9wLmV4YW1wbGUiLCJyZXF1ZXN0IjoiZXlKaGJXOTFiblFpT2lJeElpd2lZM1Z5Y21WdVkza2lPaUp6WVhRaWZRIn0sInBheWxvYWQiOnsicHJlaW1hZ2UiOiIwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3In0sInNvdXJjZSI6ImRpZDprZXk6ejZNa0V4YW1wbGUifQ',
  },
  {
    name: 'opaque only',
    secret: 'first-secret-of-at-least-thirty-two-bytes',
    bound: {
      realm: 'shop.example',
      method: 'lightning',
      intent: 'charge',
      opaque: 'eyJyZXNvdXJjZSI6IkdFVCAvdjEvYml0Y29pbi9wcmljZSJ9',
    },
    requestObject: {
      amount: '1',
      currency: 'sat',
    },
    request: 'eyJhbW91bnQiOiIxIiwiY3VycmVuY3kiOiJzYXQifQ',
    id: 'kFSWiVPC5JhWZfXRHF688VNc4xNeocJsJUCeu_dwn2U',
    wire: 'Payment id="kFSWiVPC5JhWZfXRHF688VNc4xNeocJsJUCeu_dwn2U", realm="shop.example", method="lightning", intent="charge", request="eyJhbW91bnQiOiIxIiwiY3VycmVuY3kiOiJzYXQifQ", opaque="eyJyZXNvdXJjZSI6IkdFVCAvdjEvYml0Y29pbi9wcmljZSJ9"',
    credential:
      'Payment eyJjaGFsbGVuZ2UiOnsiaWQiOiJrRlNXaVZQQzVKaFdaZlhSSEY2ODhWTmM0eE5lb2NKc0pVQ2V1X2R3bjJVIiwiaW50ZW50IjoiY2hhcmdlIiwibWV0aG9kIjoibGlnaHRuaW5nIiwicmVhbG0iOiJzaG9wLmV4YW1wbGUiLCJvcGFxdWUiOiJleUp5WlhOdmRYSmpaU0k2SWtkRlZDQXZkakV2WW1sMFkyOXBiaTl3Y21salpTSjkiLCJyZXF1ZXN0IjoiZXlKaGJXOTFiblFpT2lJeElpd2lZM1Z5Y21WdVkza2lPaUp6WVhRaWZRIn0sInBheWxvYWQiOnsicHJlaW1hZ2UiOiIwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3In0sInNvdXJjZSI6ImRpZDprZXk6ejZNa0V4YW1wbGUifQ',
  },
  {
    name: 'all seven slots, nested request',
    secret: 'first-secret-of-at-least-thirty-two-bytes',
    bound: {
      realm: 'https://shop.example:8402',
      method: 'lightning',
      intent: 'charge',
      expires: '2026-03-15T12:05:00.123Z',
      digest: 'sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:',
      opaque: 'eyJyZXNvdXJjZSI6IlBPU1QgL3YxL3JwYz94PTF8MiJ9',
    },
    requestObject: {
      amount: '1',
      currency: 'sat',
      description: 'One block',
      methodDetails: {
        invoice: 'lnbcrt10n1pexample',
        network: 'regtest',
        paymentHash: '5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f',
      },
    },
    request:
      'eyJhbW91bnQiOiIxIiwiY3VycmVuY3kiOiJzYXQiLCJkZXNjcmlwdGlvbiI6Ik9uZSBibG9jayIsIm1ldGhvZERldGFpbHMiOnsiaW52b2ljZSI6ImxuYmNydDEwbjFwZXhhbXBsZSIsIm5ldHdvcmsiOiJyZWd0ZXN0IiwicGF5bWVudEhhc2giOiI1ZjVmNWY1ZjVmNWY1ZjVmNWY1ZjVmNWY1ZjVmNWY1ZjVmNWY1ZjVmNWY1ZjVmNWY1ZjVmNWY1ZjVmNWY1ZjVmIn19',
    id: 'MnBv6RlwmlbidGC_6aIEgtnSkcXOQWrVEClLln4Zmv8',
    wire: 'Payment id="MnBv6RlwmlbidGC_6aIEgtnSkcXOQWrVEClLln4Zmv8", realm="https://shop.example:8402", method="lightning", intent="charge", request="eyJhbW91bnQiOiIxIiwiY3VycmVuY3kiOiJzYXQiLCJkZXNjcmlwdGlvbiI6Ik9uZSBibG9jayIsIm1ldGhvZERldGFpbHMiOnsiaW52b2ljZSI6ImxuYmNydDEwbjFwZXhhbXBsZSIsIm5ldHdvcmsiOiJyZWd0ZXN0IiwicGF5bWVudEhhc2giOiI1ZjVmNWY1ZjVmNWY1ZjVmNWY1ZjVmNWY1ZjVmNWY1ZjVmNWY1ZjVmNWY1ZjVmNWY1ZjVmNWY1ZjVmNWY1ZjVmIn19", digest="sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:", expires="2026-03-15T12:05:00.123Z", opaque="eyJyZXNvdXJjZSI6IlBPU1QgL3YxL3JwYz94PTF8MiJ9"',
    credential:
      'Payment eyJjaGFsbGVuZ2UiOnsiZGlnZXN0Ijoic2hhLTI1Nj06UksvMHF5MThNbEJTVm5XZ2p3ejZsWkVXalAvbEY1SEY5YnZFRjhGYWJEZz06IiwiZXhwaXJlcyI6IjIwMjYtMDMtMTVUMTI6MDU6MDAuMTIzWiIsImlkIjoiTW5CdjZSbHdtbGJpZEdDXzZhSUVndG5Ta2NYT1FXclZFQ2xMbG40Wm12OCIsImludGVudCI6ImNoYXJnZSIsIm1ldGhvZCI6ImxpZ2h0bmluZyIsInJlYWxtIjoiaHR0cHM6Ly9zaG9wLmV4YW1wbGU6ODQwMiIsIm9wYXF1ZSI6ImV5SnlaWE52ZFhKalpTSTZJbEJQVTFRZ0wzWXhMM0p3WXo5NFBURjhNaUo5IiwicmVxdWVzdCI6ImV5SmhiVzkxYm5RaU9pSXhJaXdpWTNWeWNtVnVZM2tpT2lKellYUWlMQ0prWlhOamNtbHdkR2x2YmlJNklrOXVaU0JpYkc5amF5SXNJbTFsZEdodlpFUmxkR0ZwYkhNaU9uc2lhVzUyYjJsalpTSTZJbXh1WW1OeWRERXdiakZ3WlhoaGJYQnNaU0lzSW01bGRIZHZjbXNpT2lKeVpXZDBaWE4wSWl3aWNHRjViV1Z1ZEVoaGMyZ2lPaUkxWmpWbU5XWTFaalZtTldZMVpqVm1OV1kxWmpWbU5XWTFaalZtTldZMVpqVm1OV1kxWmpWbU5XWTFaalZtTldZMVpqVm1OV1kxWmpWbU5XWTFaalZtSW4xOSJ9LCJwYXlsb2FkIjp7InByZWltYWdlIjoiMDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNyJ9LCJzb3VyY2UiOiJkaWQ6a2V5Ono2TWtFeGFtcGxlIn0',
  },
  {
    name: 'secret longer than a block',
    secret: 'a much longer secret, longer than one block of SHA-256, so that it is hashed before it is used',
    bound: {
      realm: 'shop.example',
      method: 'tempo',
      intent: 'session',
    },
    requestObject: {
      amount: '250000',
      currency: '0x20c0000000000000000000000000000000000001',
    },
    request:
      'eyJhbW91bnQiOiIyNTAwMDAiLCJjdXJyZW5jeSI6IjB4MjBjMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMSJ9',
    id: 'RP-l8j-0OSxtKMN_vVaCP0SOcjnS-F6AE8lEZeqovGE',
    wire: 'Payment id="RP-l8j-0OSxtKMN_vVaCP0SOcjnS-F6AE8lEZeqovGE", realm="shop.example", method="tempo", intent="session", request="eyJhbW91bnQiOiIyNTAwMDAiLCJjdXJyZW5jeSI6IjB4MjBjMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMSJ9"',
    credential:
      'Payment eyJjaGFsbGVuZ2UiOnsiaWQiOiJSUC1sOGotME9TeHRLTU5fdlZhQ1AwU09jam5TLUY2QUU4bEVaZXFvdkdFIiwiaW50ZW50Ijoic2Vzc2lvbiIsIm1ldGhvZCI6InRlbXBvIiwicmVhbG0iOiJzaG9wLmV4YW1wbGUiLCJyZXF1ZXN0IjoiZXlKaGJXOTFiblFpT2lJeU5UQXdNREFpTENKamRYSnlaVzVqZVNJNklqQjRNakJqTURBd01EQXdNREF3TURBd01EQXdNREF3TURBd01EQXdNREF3TURBd01EQXdNREF3TVNKOSJ9LCJwYXlsb2FkIjp7InByZWltYWdlIjoiMDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNyJ9LCJzb3VyY2UiOiJkaWQ6a2V5Ono2TWtFeGFtcGxlIn0',
  },
  {
    name: 'names in mixed case, text beyond ASCII',
    secret: 'first-secret-of-at-least-thirty-two-bytes',
    bound: {
      realm: 'shop.example',
      method: 'tempo',
      intent: 'charge',
    },
    requestObject: {
      b: 'ü☕😀',
      B: '<&>',
      a: {
        z: [1, 2.5, 1e21, -1e-7],
        Z: null,
      },
      '': true,
    },
    request:
      'eyIiOnRydWUsIkIiOiI8Jj4iLCJhIjp7IloiOm51bGwsInoiOlsxLDIuNSwxZSsyMSwtMWUtN119LCJiIjoiw7zimJXwn5iAIn0',
    id: 'YUxR2foHVaMFuJyGFXoMsAYeBzkI3AiIUnfeD_ZGkKQ',
    wire: 'Payment id="YUxR2foHVaMFuJyGFXoMsAYeBzkI3AiIUnfeD_ZGkKQ", realm="shop.example", method="tempo", intent="charge", request="eyIiOnRydWUsIkIiOiI8Jj4iLCJhIjp7IloiOm51bGwsInoiOlsxLDIuNSwxZSsyMSwtMWUtN119LCJiIjoiw7zimJXwn5iAIn0"',
    credential:
      'Payment eyJjaGFsbGVuZ2UiOnsiaWQiOiJZVXhSMmZvSFZhTUZ1SnlHRlhvTXNBWWVCemtJM0FpSVVuZmVEX1pHa0tRIiwiaW50ZW50IjoiY2hhcmdlIiwibWV0aG9kIjoidGVtcG8iLCJyZWFsbSI6InNob3AuZXhhbXBsZSIsInJlcXVlc3QiOiJleUlpT25SeWRXVXNJa0lpT2lJOEpqNGlMQ0poSWpwN0lsb2lPbTUxYkd3c0lub2lPbHN4TERJdU5Td3haU3N5TVN3dE1XVXROMTE5TENKaUlqb2l3N3ppbUpYd241aUFJbjAifSwicGF5bG9hZCI6eyJwcmVpbWFnZSI6IjA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcifSwic291cmNlIjoiZGlkOmtleTp6Nk1rRXhhbXBsZSJ9',
  },
  {
    name: 'a bar and quotes in the realm',
    secret: 'first-secret-of-at-least-thirty-two-bytes',
    bound: {
      realm: 'a|b "c" \\ d',
      method: 'lightning',
      intent: 'charge',
    },
    requestObject: {
      amount: '1',
    },
    request: 'eyJhbW91bnQiOiIxIn0',
    id: 'v26yObenuDyPbxrAvc2PczBlpJWFSAOxu2Xbplkyi2I',
    wire: 'Payment id="v26yObenuDyPbxrAvc2PczBlpJWFSAOxu2Xbplkyi2I", realm="a|b \\"c\\" \\\\ d", method="lightning", intent="charge", request="eyJhbW91bnQiOiIxIn0", description="Pay \\"1 sat\\""',
    credential:
      'Payment eyJjaGFsbGVuZ2UiOnsiZGVzY3JpcHRpb24iOiJQYXkgXCIxIHNhdFwiIiwiaWQiOiJ2MjZ5T2JlbnVEeVBieHJBdmMyUGN6QmxwSldGU0FPeHUyWGJwbGt5aTJJIiwiaW50ZW50IjoiY2hhcmdlIiwibWV0aG9kIjoibGlnaHRuaW5nIiwicmVhbG0iOiJhfGIgXCJjXCIgXFwgZCIsInJlcXVlc3QiOiJleUpoYlc5MWJuUWlPaUl4SW4wIn0sInBheWxvYWQiOnsicHJlaW1hZ2UiOiIwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3MDcwNzA3In0sInNvdXJjZSI6ImRpZDprZXk6ejZNa0V4YW1wbGUifQ',
  },
];

export const goldenReceipt = {
  receipt: {
    status: 'success' as const,
    method: 'lightning',
    timestamp: '2026-03-10T21:00:00Z',
    reference: '5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f',
    challengeId: 'kM9xPqWvT2nJrHsY4aDfEb',
  },
  wire: 'eyJtZXRob2QiOiJsaWdodG5pbmciLCJyZWZlcmVuY2UiOiI1ZjVmNWY1ZjVmNWY1ZjVmNWY1ZjVmNWY1ZjVmNWY1ZjVmNWY1ZjVmNWY1ZjVmNWY1ZjVmNWY1ZjVmNWY1ZjVmIiwic3RhdHVzIjoic3VjY2VzcyIsInRpbWVzdGFtcCI6IjIwMjYtMDMtMTBUMjE6MDA6MDBaIiwiY2hhbGxlbmdlSWQiOiJrTTl4UHFXdlQybkpySHNZNGFEZkViIn0',
};
