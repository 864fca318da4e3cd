/**
 * How far a paid exchange has come.
 *
 * asking      no usable answer yet
 * holding     an answer that is charged for, small or to be kept: held until whole, so that a broken one is never committed
 * deciding    the ledger is at work: nothing may leave
 * streaming   the header section has left
 * over        nothing more is expected of the upstream
 */
export type PaidPhase = 'asking' | 'holding' | 'deciding' | 'streaming' | 'over';
