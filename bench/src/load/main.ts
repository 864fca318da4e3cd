import { answerCommands } from '../process/commands.js';
import { cpuTime } from '../process/cpu.js';
import type { Cargo, LoadCommands } from '../process/tables.js';
import { terms } from '../terms.js';
import { challengeIn, createMint } from './mint.js';
import { Once, type Requests, ring, writeRequest } from './requests.js';
import { askOnce, runLoad } from './run.js';

// The load generator's process.

/** Credentials that are sent over and over to servers to which they mean nothing. */
const ringCredentialsMax = 1_000;

interface CredentialSet {
  readonly once: Once;
  readonly ring: Requests;
}

const sets = new Map<string, CredentialSet>();

function setOf(name: string): CredentialSet {
  const set = sets.get(name);
  if (set === undefined) throw new Error(`No credentials named ${name} have been minted.`);
  return set;
}

function requestsOf(cargo: Cargo): Requests {
  switch (cargo.kind) {
    case 'plain':
      return ring([writeRequest(terms.paidPath)]);
    case 'ignored':
      return setOf(cargo.set).ring;
    case 'once':
      return setOf(cargo.set).once;
  }
}

answerCommands<LoadCommands>({
  cpu: cpuTime,
  async mint({ set, port, secret, count }) {
    const answer = await askOnce(port, writeRequest(terms.paidPath));
    if (answer.status !== 402)
      throw new Error(`The server answered ${answer.status} where 402 was expected.`);
    const mint = createMint(challengeIn(answer.head), secret);
    const paid: Buffer[] = [];
    const ignored: Buffer[] = [];
    let credentialBytes = 0;
    for (let i = 0; i < count; i++) {
      const credential = mint();
      credentialBytes = credential.length;
      paid.push(writeRequest(terms.paidPath, credential));
      if (i < ringCredentialsMax) ignored.push(writeRequest(terms.freePath, credential));
    }
    sets.set(set, { once: new Once(paid), ring: ring(ignored) });
    const challenge = /\r\nwww-authenticate: *([^\r]*)/i.exec(answer.head)?.[1] ?? '';
    return { count, credentialBytes, challengeBytes: challenge.length };
  },
  rewind({ set }) {
    setOf(set).once.rewind();
    return undefined;
  },
  run: (run) => runLoad({ ...run, requests: requestsOf(run.cargo) }),
});
