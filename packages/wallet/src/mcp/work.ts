/** Calls that must reach their end once they have begun, whoever still listens. */
export interface Work {
  run<T>(job: () => Promise<T>): Promise<T>;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
}

/** Keeps track of such calls. */
export function createWork(): Work {
  const jobs = new Set<Promise<unknown>>();
  return {
    run(job) {
      const running = job();
      jobs.add(running);
      const done = () => void jobs.delete(running);
      running.then(done, done);
      return running;
    },
    async idle() {
      while (jobs.size > 0) await Promise.allSettled([...jobs]);
    },
  };
}
