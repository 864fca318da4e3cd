/** What a line of progress is written to: stderr. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** A line that says how far a long command is. */
export interface Progress {
  /** One more row is done. */
  step(): void;
  /** Takes the line away. */
  end(): void;
}

/** Rows between two updates. */
const stepRows = 1_000;

/**
 * A line of progress that overwrites itself; nothing at all when the stream is no terminal.
 *
 * @param what what is counted, in the plural
 * @param about what is expected, in words; empty when that is not known
 */
export function createProgress(stream: ProgressStream, what: string, about: string): Progress {
  if (stream.isTTY !== true) return { step: () => undefined, end: () => undefined };
  let rows = 0;
  let shown = false;
  return {
    step: () => {
      rows += 1;
      if (rows % stepRows !== 0) return;
      shown = true;
      stream.write(`\r${rows} ${what}${about === '' ? '' : `, ${about}`} …\u001b[K`);
    },
    end: () => {
      if (shown) stream.write('\r\u001b[K');
    },
  };
}
