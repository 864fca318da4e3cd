import type { GroupCommitReport } from './group-commit.js';
import type { RatioReport, Report, ScenarioReport } from './report.js';
import type { Spread } from './spread.js';
import { formatStartUp } from './start-up.js';

/** Above this many processors used by strangers, or this share used by load and upstream, figures are in doubt. */
const foreignCoresMax = 0.3;
const clientCoresMax = 0.9;

const number = (value: number, digits: number) =>
  value.toLocaleString('en-GB', { minimumFractionDigits: digits, maximumFractionDigits: digits });
const range = ({ min, max }: Spread, digits: number) => `${number(min, digits)}–${number(max, digits)}`;

/** The report as a person reads it. */
export function formatReport(report: Report): string {
  const { machine, plan, bytes, seconds } = report;
  const pinning = machine.pinned
    ? 'server pinned to one, load generator and upstream to the rest'
    : 'NOT pinned: the server shares them with load generator and upstream, so throughput says little; CPU counts';
  return [
    `${machine.cpu}, ${machine.processors} processors, ${machine.platform}, Node ${machine.node}`,
    `${pinning}`,
    `${plan.rounds} rounds, fresh process each, ${plan.connections} connections, warm-up of ` +
      `${number(plan.warmUpRequestsMax, 0)} requests or ${plan.warmUpMs} ms, ${plan.measureMs} ms measured; challenge ${bytes.challenge} B, credential ${bytes.credential} B; ${number(seconds, 0)} s`,
    '',
    ...formatScenarios(report.scenarios),
    '',
    ...report.ratios.map(formatRatio),
    '',
    ...formatLedger(report),
    ...report.groupCommit.map(formatGroupCommit),
    formatStartUp(report.startUp),
    ...doubts(report),
  ].join('\n');
}

function formatScenarios(rows: readonly ScenarioReport[]): string[] {
  const cells = rows.map((row) => [
    row.title,
    number(row.requestsPerSecond.median, 0),
    number(row.cpuUs.median, 1),
    range(row.cpuUs, 1),
    row.forwarded ? number(row.throughputVsBare.median, 2) : '',
    row.forwarded ? range(row.throughputVsBare, 2) : '',
    number(row.serverCores.median, 2),
    number(row.clientCores.median, 2),
  ]);
  const head = ['', 'req/s', 'CPU µs/request', 'min–max', 'vs bare', 'min–max', 'server', 'client'];
  return formatCells([head, ...cells]);
}

function formatCells(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}

function formatRatio({ title, value, target, met }: RatioReport): string {
  const wanted =
    'atMost' in target ? `at most ${number(target.atMost, 2)}` : `at least ${number(target.atLeast, 2)}`;
  const inverse = 'atMost' in target ? `, 1/${number(1 / value.median, 1)}` : '';
  return `${met ? 'met   ' : 'MISSED'}  ${title}: ${number(value.median, 3)}${inverse} (${range(value, 3)}), target ${wanted}`;
}

function formatLedger({ ledger }: Report): string[] {
  const { deliveries, operations, commits, operationsPerCommit, syncs } = ledger;
  const lines = [
    `ledger: ${number(deliveries, 0)} deliveries = receipts = upstream hits; ${number(operations, 0)} operations in ` +
      `${number(commits, 0)} synced commits, ${number(operationsPerCommit, 1)} each`,
  ];
  lines.push(
    syncs === undefined
      ? 'syncs: not counted (strace is not there, or may not watch)'
      : `syncs: strace saw ${number(syncs.syncs, 0)} fsync and fdatasync calls for ${number(syncs.commits, 0)} commits ` +
          `of ${number(syncs.deliveries, 0)} deliveries`,
  );
  return lines;
}

function formatGroupCommit({ store, addedMs, together, alone }: GroupCommitReport): string {
  const added = addedMs === 0 ? '' : `, ${addedMs} ms added to each commit`;
  return (
    `group commit, ${store}${added}: ${number(together.perSecond, 0)} durable delivers/s, ` +
    `${number(together.perCommit, 1)} a commit; one transaction each ${number(alone.perSecond, 0)}/s; ` +
    `${number(together.perSecond / alone.perSecond, 1)} times`
  );
}

function doubts({ scenarios, machine }: Report): string[] {
  const lines: string[] = [];
  const foreign = Math.max(...scenarios.map((row) => row.foreignCores.max));
  if (foreign > foreignCoresMax) {
    lines.push(
      `doubt: other programs used up to ${number(foreign, 1)} processors meanwhile; run it again on a quiet machine`,
    );
  }
  const busy = scenarios.filter((row) => row.clientCores.median > clientCoresMax).map((row) => row.title);
  if (machine.pinned && machine.processors === 2 && busy.length > 0) {
    lines.push(
      `doubt: load generator and upstream were at their limit, so throughput is too low: ${busy.join('; ')}`,
    );
  }
  return lines;
}
