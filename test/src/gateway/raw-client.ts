import { connect } from 'node:net';

/** Bytes for a connection of their own. */
export interface Exchange {
  readonly bytes: string;
  /** The server cannot know that nothing more will come: the client says so by closing its half. */
  readonly incomplete: boolean;
}

/** Connections at a time. */
const lanesMax = 16;

/** Sends each on a connection of its own; resolves with all that came back on each, once the server has closed it. */
export async function exchangeAll(port: number, exchanges: readonly Exchange[]): Promise<string[]> {
  const answers: string[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let at = next++; at < exchanges.length; at = next++) {
      const exchange = exchanges[at];
      if (exchange !== undefined) answers[at] = await exchangeOne(port, exchange);
    }
  };
  await Promise.all(Array.from({ length: lanesMax }, lane));
  return answers;
}

function exchangeOne(port: number, { bytes, incomplete }: Exchange): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true }, () => {
      if (incomplete) socket.end(bytes, 'latin1');
      else socket.write(bytes, 'latin1');
    });
    let text = '';
    socket.setEncoding('latin1').on('data', (part: string) => {
      text += part;
    });
    // A server that has heard enough may reset the connection.
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
  });
}
