import type { Problem, Retry } from '@farebox/protocol';
import pc from 'picocolors';
import type { CliError } from './cli-error.js';
import { exitCodes } from './exit-codes.js';

/** How one command talks: for programs (one JSON object) or for people. */
export interface Output {
  readonly json: boolean;
  /** Colours of stdout; they do nothing when it is no terminal. */
  readonly color: ReturnType<typeof pc.createColors>;
  /** Writes the one object of the command. BigInts become decimal strings. */
  object(value: unknown): void;
  /** Writes text for people. */
  text(text: string): void;
  /** Writes a remark for people, beside the result. Nothing in JSON mode. */
  remark(text: string): void;
  /** Resolves when stdout has taken all of it. Rejects with the fault of the first write that failed. */
  written(): Promise<void>;
}

/** Options that decide how a command talks. */
export interface OutputOptions {
  readonly json?: boolean | undefined;
  /** Raw output was asked for: never JSON by itself. */
  readonly raw?: boolean | undefined;
}

/** JSON when asked for, or when stdout is no terminal and nothing raw was asked for. */
export function createOutput(options: OutputOptions): Output {
  const terminal = process.stdout.isTTY === true;
  const json = options.json ?? (!terminal && !options.raw);
  const color = pc.createColors(terminal && pc.isColorSupported);
  let fault = Promise.resolve<Error | undefined>(undefined);
  const write = (line: string) => {
    const earlier = fault;
    const mine = new Promise<Error | undefined>((resolve) => {
      process.stdout.write(`${line}\n`, (error) => resolve(error ?? undefined));
    });
    fault = mine.then(async (error) => (await earlier) ?? error);
  };
  return {
    json,
    color,
    object: (value) => write(stringify(value, terminal)),
    text: write,
    remark: (text) => void (json || process.stderr.write(`${text}\n`)),
    async written() {
      const error = await fault;
      if (error) throw error;
    },
  };
}

/** JSON with bigints as decimal strings. */
export function stringify(value: unknown, pretty = false): string {
  const plain = (_key: string, member: unknown) => (typeof member === 'bigint' ? String(member) : member);
  return JSON.stringify(value, plain, pretty ? 2 : undefined);
}

/** Two columns, aligned. Rows without a value are left out. */
export function table(
  rows: readonly (readonly [string, string | undefined])[],
  color: ReturnType<typeof pc.createColors>,
): string {
  const shown = rows.filter((row): row is readonly [string, string] => row[1] !== undefined);
  const width = Math.max(0, ...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `  ${color.dim(name.padEnd(width))}  ${value}`).join('\n');
}

/** The error object of JSON mode. */
export interface ErrorReport {
  readonly ok: false;
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly retry: Retry;
    /** `not-sent`, `refused`, `unknown` or `credit`. */
    readonly outcome: string;
    /** The rule of the policy that refused, and its file. */
    readonly rule?: string;
    readonly source?: string;
    /** The seller's problem document, as data. */
    readonly problem?: Problem;
  };
  /** Whether money has gone: `null` when that is not known. */
  readonly paid: boolean | null;
  /** The payment in the journal, for `farebox pay resume`. */
  readonly id: string | null;
  readonly status: number | null;
  readonly exitCode: number;
}

/** Turns a failure of the command into its report. */
export function reportCliError(error: CliError): ErrorReport {
  const { code, message, retry, exitCode } = error;
  const known = exitCode !== exitCodes.unknown;
  const outcome = known ? 'not-sent' : 'unknown';
  return {
    ok: false,
    error: { code, message, retry, outcome },
    paid: known ? false : null,
    id: null,
    status: null,
    exitCode,
  };
}

/** Writes a failure: one JSON object, or one sentence. */
export function writeError(report: ErrorReport, json: boolean): void {
  if (json) {
    process.stderr.write(`${stringify(report)}\n`);
    return;
  }
  const color = pc.createColors(process.stderr.isTTY === true && pc.isColorSupported);
  process.stderr.write(
    `${color.red('error')} ${color.dim(`(${report.error.code})`)} ${report.error.message}\n`,
  );
}
