import { serializeCredential } from '@farebox/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GateRequest } from './terms.js';
import {
  admittedTo,
  challengeFor,
  commit,
  once,
  openRig,
  pay,
  problemOf,
  type Rig,
  refusedWith,
  withCredential,
} from './testing/rig.js';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.close());

const register: GateRequest = { method: 'POST', path: '/v1/register', query: '', credentials: [] };
const by = (subject: string | undefined): GateRequest => ({ ...register, subject });

describe('a challenge that is issued to somebody', () => {
  it.each([['agent-2'], [undefined]])('is worth nothing to %s, who has seen its proof', async (other) => {
    const challenge = await challengeFor(rig, by('agent-1'), once);
    const credential = serializeCredential({ challenge, payload: { preimage: await pay(rig, challenge) } });
    const refused = refusedWith(await rig.gate.admit(withCredential(by(other), credential), once));
    expect(refused.status).toBe(403);
    expect(problemOf(refused).detail).toContain('somebody else');
    expect(String(refused.body)).not.toContain('agent-1');
    // Nothing was consumed by that.
    const delivery = admittedTo(await rig.gate.admit(withCredential(by('agent-1'), credential), once));
    expect((await commit(delivery)).challengeId).toBe(challenge.id);
    expect(delivery.settlement.paid).toEqual({ amount: 1n, currency: 'sat' });
  });

  it('cannot be claimed with one that was issued to nobody in particular', async () => {
    const challenge = await challengeFor(rig, register, once);
    const credential = serializeCredential({ challenge, payload: { preimage: await pay(rig, challenge) } });
    expect(refusedWith(await rig.gate.admit(withCredential(by('agent-1'), credential), once)).status).toBe(
      403,
    );
    admittedTo(await rig.gate.admit(withCredential(register, credential), once));
  });

  it('serves clients that do not echo the opaque', async () => {
    const { opaque: _, ...echo } = await challengeFor(rig, by('agent-1'), once);
    const credential = serializeCredential({ challenge: echo, payload: { preimage: await pay(rig, echo) } });
    expect(refusedWith(await rig.gate.admit(withCredential(by('agent-2'), credential), once)).status).toBe(
      402,
    );
    admittedTo(await rig.gate.admit(withCredential(by('agent-1'), credential), once));
  });

  it.each(['', 'a b', 'a"b', 'ü', 'x'.repeat(129)])(
    'refuses the subject %j as the caller’s mistake',
    (subject) => {
      expect(() => rig.gate.admit(by(subject), once)).toThrow(TypeError);
    },
  );
});
