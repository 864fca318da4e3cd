import { type Ledger, LedgerUnavailable } from '@farebox/ledger';
import { describe, expect, it } from 'vitest';
import { open } from '../testing/client.js';
import { openRig, until } from '../testing/rig.js';

/** The real ledger, with another way to deliver. */
function delivering(real: Ledger, deliver: Ledger['deliver']): Ledger {
  return new Proxy(real, {
    get(target, name) {
      if (name === 'deliver') return deliver;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

describe('before the delivery is durable', () => {
  it.each(['held', 'streamed'])('not one byte of a %s answer leaves', async (kind) => {
    let deliver: (() => void) | undefined;
    const rig = await openRig({
      listener: (_request, response) => {
        if (kind === 'held') response.end('the resource');
        else response.write('the resource', () => response.end());
      },
      ledger: (real) =>
        delivering(real, async (request) => {
          await new Promise<void>((resolve) => {
            deliver = resolve;
          });
          return real.deliver(request);
        }),
    });
    const headers = ['Authorization', await rig.buy('/paid/price')];
    let begun = false;
    let text = '';
    const ended = new Promise<void>((resolve) => {
      open(rig.port, '/paid/price', { headers }, (response) => {
        begun = true;
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        response.on('end', resolve);
      });
    });
    await until('the ledger is asked', () => deliver !== undefined);
    // A whole request on another connection goes by, and still nothing has left on this one.
    expect((await rig.ask('/free/x')).status).toBe(200);
    expect(begun).toBe(false);
    deliver?.();
    await ended;
    expect(text).toBe('the resource');
    await rig.close();
  });

  it.each(['held', 'streamed'])(
    'a ledger that fails: no %s answer, and the credential works later',
    async (kind) => {
      let failing = true;
      const rig = await openRig({
        listener: (_request, response) => {
          if (kind === 'held') response.end('the resource');
          else response.write('the resource', () => response.end());
        },
        ledger: (real) =>
          delivering(real, (request) =>
            failing ? Promise.reject(new LedgerUnavailable('The disk is full.')) : real.deliver(request),
          ),
      });
      const headers = ['Authorization', await rig.buy('/paid/price')];
      const refused = await rig.ask('/paid/price', { headers });
      expect(refused.status).toBe(500);
      expect(refused.json()).toMatchObject({ retry: 'same-credential' });
      expect(refused.body.toString()).not.toContain('the resource');
      expect(refused.field('payment-receipt')).toBeUndefined();
      failing = false;
      const reply = await rig.ask('/paid/price', { headers });
      expect(reply.status).toBe(200);
      expect(reply.body.toString()).toBe('the resource');
      await rig.close();
    },
  );
});
