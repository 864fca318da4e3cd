import { CliError } from '../cli-error.js';
import { exitCodes } from '../exit-codes.js';
import { createOutput, type ErrorReport, type Output, reportCliError, writeError } from '../output.js';

/**
 * Runs a command of the group and reports how it failed, as one object where the result would have been one.
 *
 * @param paying a payment may be under way: what breaks in a way that nobody foresaw is then no proof that nothing was spent
 */
export async function acting(
  { json }: { readonly json?: boolean },
  paying: boolean,
  work: (output: Output) => Promise<void>,
): Promise<void> {
  const output = createOutput({ json });
  try {
    await work(output);
  } catch (error) {
    const report = await reportOf(error, paying);
    process.exitCode = report.exitCode;
    writeError(report, output.json);
    if (process.env.FAREBOX_DEBUG === '1' && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  }
}

/** The report of whatever was thrown. */
export async function reportOf(error: unknown, paying: boolean): Promise<ErrorReport> {
  const { RegistrarRefusal } = await import('./refused.js');
  if (error instanceof RegistrarRefusal) {
    const report = reportCliError(error);
    const { status, problem } = error;
    return { ...report, status, error: { ...report.error, ...(problem && { problem }) } };
  }
  if (error instanceof CliError) return reportCliError(error);
  const { OrderFailure } = await import('./settled-order.js');
  if (error instanceof OrderFailure) return error.report;
  const { WalletError } = await import('@farebox/wallet');
  if (error instanceof WalletError) return (await import('../views.js')).reportWalletError(error);
  // Only our own sentence: a foreign message could contain anything.
  const name = error instanceof Error ? error.name : 'unknown';
  const next = paying ? ' Then finish what was under way: farebox domains resume --all' : '';
  const message = `Something broke that should not (${name}). Set FAREBOX_DEBUG=1 to see where.${next}`;
  const exitCode = paying ? exitCodes.unknown : exitCodes.failed;
  return reportCliError(
    new CliError('internal', message, { cause: error, exitCode, retry: paying ? 'resume' : 'safe' }),
  );
}
