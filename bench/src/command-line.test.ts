import { describe, expect, it } from 'vitest';
import { readCommandLine } from './command-line.js';
import { fullPlan, quickPlan } from './effort.js';

describe('readCommandLine', () => {
  it('measures in full unless told otherwise', () => {
    expect(readCommandLine([])).toEqual({ kind: 'run', json: false, plan: fullPlan });
  });

  it('takes --quick, --json and numbers', () => {
    const wish = readCommandLine(['--quick', '--json', '--rounds', '2', '--connections', '16']);
    expect(wish).toEqual({ kind: 'run', json: true, plan: { ...quickPlan, rounds: 2, connections: 16 } });
  });

  it('shows help before anything else', () => {
    expect(readCommandLine(['--quick', '--help']).kind).toBe('help');
  });

  it.each([
    [['--fast']],
    [['quick']],
    [['--rounds', '0']],
    [['--rounds', '1.5']],
    [['--connections', '1025']],
    [['--connections', 'many']],
  ])('refuses %j', (args) => {
    expect(readCommandLine(args).kind).toBe('misuse');
  });
});
