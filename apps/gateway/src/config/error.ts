/** One thing that is wrong in a configuration. */
export interface ConfigIssue {
  /** Key path, as people write it: `routes[0].price`. Empty for the document itself. */
  readonly key: string;
  /** What was given and what is allowed: sentences. Never a secret. */
  readonly message: string;
  /** Counted from 1; undefined when the configuration did not come from a file. */
  readonly line?: number;
  readonly column?: number;
}

/** A configuration that cannot be used. The message lists every issue, one a line, as `file:line:column: key: …`. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'config_invalid';
  readonly issues: readonly ConfigIssue[];

  constructor(file: string | undefined, issues: readonly ConfigIssue[], options?: ErrorOptions) {
    super(issues.map((issue) => formatIssue(file, issue)).join('\n'), options);
    this.issues = issues;
  }
}

function formatIssue(file: string | undefined, issue: ConfigIssue): string {
  const place = issue.line === undefined ? [file] : [file ?? 'configuration', issue.line, issue.column ?? 1];
  const parts = [place.filter((part) => part !== undefined).join(':'), issue.key, issue.message];
  return parts.filter((part) => part !== '').join(': ');
}
