import { execFile, spawnSync } from 'node:child_process';

/** Whether a program of BIND's tools is here: `dig -v`, `named-checkzone -v`. */
export function isThere(program: 'dig' | 'named-checkzone'): boolean {
  return spawnSync(program, ['-v']).status === 0;
}

/** Runs a program and gives what it wrote; rejects with that where it failed. */
export function run(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, args, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${program} failed: ${stdout}${stderr}`));
    });
  });
}
