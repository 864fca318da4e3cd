import { beforeEach, describe, expect, it } from 'vitest';
import { clockDriftMsMax, SteadyTime, steadyAfterMs } from './steady-time.js';

const minuteMs = 60_000;
const dayMs = 86_400_000;

let wallMs = 0;
let elapsedMs = 0;
let told: number[] = [];
let time: SteadyTime;
beforeEach(() => {
  wallMs = 1_800_000_000_000;
  elapsedMs = 5_000;
  told = [];
  time = new SteadyTime(
    () => wallMs,
    (movedMs) => told.push(movedMs),
    () => elapsedMs,
  );
});
const pass = (ms: number): void => {
  wallMs += ms;
  elapsedMs += ms;
};

describe('SteadyTime', () => {
  it('is the wall clock while both clocks go alike, however long nobody looks', () => {
    expect(time.read()).toBe(wallMs);
    pass(100 * dayMs);
    expect(time.read()).toBe(wallMs);
    expect(told).toEqual([]);
  });

  it('follows a clock that is set right a little at a time', () => {
    for (let looks = 0; looks < 100; looks++) {
      pass(minuteMs);
      wallMs += clockDriftMsMax * (looks % 2 === 0 ? 1 : -1);
      expect(time.read()).toBe(wallMs);
    }
  });

  it.each([
    ['forward', 91 * dayMs],
    ['back', -91 * dayMs],
    ['a little more than it may drift', clockDriftMsMax + 1],
  ])('says nothing for an hour after the clock was set: %s', (_, movedMs) => {
    pass(minuteMs);
    wallMs += movedMs;
    expect(time.read()).toBeUndefined();
    pass(steadyAfterMs - 1);
    expect(time.read()).toBeUndefined();
    pass(1);
    expect(time.read()).toBe(wallMs);
    expect(told).toEqual([movedMs]);
  });

  it('begins the hour again when the clock is set right', () => {
    wallMs += 91 * dayMs;
    expect(time.read()).toBeUndefined();
    pass(steadyAfterMs - 1);
    wallMs -= 91 * dayMs;
    expect(time.read()).toBeUndefined();
    pass(steadyAfterMs - 1);
    expect(time.read()).toBeUndefined();
    pass(1);
    expect(time.read()).toBe(wallMs);
    expect(told).toEqual([91 * dayMs, -91 * dayMs]);
  });
});
