import { Errors, Method, z } from 'mppx';

const method = Method.from({
  name: 'voucher',
  intent: 'charge',
  schema: {
    credential: { payload: z.object({ code: z.string() }) },
    request: z.object({ amount: z.string(), currency: z.string() }),
  },
});

/** Takes each of the given codes once, written for mppx as its documents say. */
export function voucherCharge(codes) {
  const open = new Map(codes.map((code, number) => [code, `voucher-${number + 1}`]));
  return Method.toServer(method, {
    async verify({ credential }) {
      const reference = open.get(credential.payload.code);
      if (!open.delete(credential.payload.code))
        throw new Errors.InvalidPayloadError({ reason: 'no such code' });
      return { method: 'voucher', status: 'success', timestamp: new Date().toISOString(), reference };
    },
  });
}
