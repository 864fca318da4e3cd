import type { ListenAddress } from './config/listen.js';

/** Why an address cannot be listened at, as a sentence that says what to do. The system's own words are the `cause`. */
export function listenError({ host, port }: ListenAddress, cause: Error & { code?: string }): Error {
  const place = `${host}:${port}`;
  const why =
    cause.code === 'EADDRINUSE'
      ? `The address ${place} is in use by another program; stop that one`
      : `The address ${place} cannot be listened at (${cause.message})`;
  return new Error(`${why}, or name another address in the configuration.`, { cause });
}
