import type { Finding } from '@farebox/wallet/doctor';
import type { Output } from '../output.js';

const blames = { you: 'yours', seller: "the seller's", network: "the network's" } as const;

/** Findings for people: faults first, each with whose it is and what to do. */
export function showFindings(findings: readonly Finding[], { color }: Output): string {
  const sign = {
    fault: color.red('FAULT  '),
    warning: color.yellow('warning'),
    note: color.dim('note   '),
    ok: color.green('ok     '),
    skipped: color.dim('skipped'),
  };
  const order = ['fault', 'warning', 'note', 'ok', 'skipped'] as const;
  return order
    .flatMap((level) => findings.filter((finding) => finding.level === level))
    .map(({ level, area, text, blame, next }) => {
      const whose = blame === undefined ? '' : color.dim(` (${blames[blame]})`);
      const todo = next === undefined ? '' : `\n${' '.repeat(21)}${color.bold('→')} ${next}`;
      return `  ${sign[level]} ${color.dim(area.padEnd(10))} ${text}${whose}${todo}`;
    })
    .join('\n');
}

/** How many faults and warnings there are. */
export function countFindings(findings: readonly Finding[]): {
  readonly faults: number;
  readonly warnings: number;
} {
  const count = (level: Finding['level']) => findings.filter((finding) => finding.level === level).length;
  return { faults: count('fault'), warnings: count('warning') };
}

/** A finding, as JSON. */
export function viewFinding({ area, code, level, text, blame, next }: Finding) {
  return { area, code, level, text, blame: blame ?? null, next: next ?? null };
}
