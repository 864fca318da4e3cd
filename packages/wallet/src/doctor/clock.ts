import { clockToleranceMs } from '../limits.js';
import { type Finding, fault, fine, skipped } from './finding.js';
import { answered, type ProbeAnswer } from './probe.js';

/** Compares the seller's clock with ours: challenges expire, and both must mean the same moment. */
export function examineClock(answer: ProbeAnswer): Finding {
  const said = Date.parse(answered(answer, 'date') ?? '');
  if (Number.isNaN(said))
    return skipped('clock', 'clock', 'The answer has no Date, so the clocks cannot be compared.');
  const differenceS = Math.round((said - answer.atMs) / 1000);
  if (Math.abs(differenceS) * 1000 <= clockToleranceMs) {
    return fine('clock', 'clock', `Both clocks agree within ${clockToleranceMs / 1000} seconds.`);
  }
  const ahead = differenceS > 0 ? 'behind' : 'ahead of';
  return fault(
    'clock',
    'clock_skew',
    'you',
    `This machine's clock is ${Math.abs(differenceS)} seconds ${ahead} the seller's; challenges look expired, or are paid too late.`,
    'Compare this machine with a time server (timedatectl, chronyc); if it is right, tell the seller.',
  );
}
