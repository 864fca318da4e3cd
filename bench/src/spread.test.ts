import { describe, expect, it } from 'vitest';
import { spreadOf } from './spread.js';

describe('spreadOf', () => {
  it('takes the middle one of an odd number', () => {
    expect(spreadOf([10, 2, 9])).toEqual({ median: 9, min: 2, max: 10 });
  });
  it('takes the mean of the middle two of an even number', () => {
    expect(spreadOf([4, 1, 3, 2])).toEqual({ median: 2.5, min: 1, max: 4 });
  });
  it('does not sort by text, nor the array it was given', () => {
    const values = [100, 20, 3];
    expect(spreadOf(values).median).toBe(20);
    expect(values).toEqual([100, 20, 3]);
  });
  it('refuses nothing', () => {
    expect(() => spreadOf([])).toThrow(TypeError);
  });
});
