/** What an upstream does with one request. */
interface Behaviour {
  /** False: no connection comes about. */
  readonly reached: boolean;
  /** The side effect happens, whatever is answered. */
  readonly executes: boolean;
  readonly outcome: number | 'timeout' | 'broken';
  /** The answer is too long to be held: the delivery is committed at its header section. */
  readonly long?: boolean;
  /** The answer breaks off after its header section. */
  readonly breaks?: boolean;
}

/** Every way in which an upstream treats a request. An answer of 500 or 503 says that nothing was done. */
export const behaviours = {
  serves: { reached: true, executes: true, outcome: 200 },
  'serves long': { reached: true, executes: true, outcome: 200, long: true },
  unreachable: { reached: false, executes: false, outcome: 'broken' },
  'times out before acting': { reached: true, executes: false, outcome: 'timeout' },
  'times out after acting': { reached: true, executes: true, outcome: 'timeout' },
  'drops before acting': { reached: true, executes: false, outcome: 'broken' },
  'drops after acting': { reached: true, executes: true, outcome: 'broken' },
  'breaks in the answer': { reached: true, executes: true, outcome: 200, breaks: true },
  'breaks in a long answer': { reached: true, executes: true, outcome: 200, long: true, breaks: true },
  redirects: { reached: true, executes: false, outcome: 302 },
  'says 402': { reached: true, executes: false, outcome: 402 },
  'says 404': { reached: true, executes: false, outcome: 404 },
  'says 500': { reached: true, executes: false, outcome: 500 },
  'says 502 before acting': { reached: true, executes: false, outcome: 502 },
  'says 502 after acting': { reached: true, executes: true, outcome: 502 },
  'says 503': { reached: true, executes: false, outcome: 503 },
  'says 504 after acting': { reached: true, executes: true, outcome: 504 },
} as const satisfies Readonly<Record<string, Behaviour>>;
export type BehaviourName = keyof typeof behaviours;

/** Which failure of an exchange it was. */
export type Failure = 'unsent' | 'timeout' | 'broken';

const codes: Readonly<Record<Failure, string>> = {
  unsent: 'ECONNREFUSED',
  timeout: 'upstream_headers_timeout',
  broken: 'upstream_closed',
};

/** A failure as the gateway's connection reports it. */
export function errorOf(failure: Failure): Error {
  return Object.assign(new Error(failure), { code: codes[failure] });
}

/** The receiving side of an upstream's answer, as `UpstreamSink` in the gateway. */
export interface Sink {
  sending(): void;
  head(status: number, long: boolean): void;
  end(): void;
  fail(failure: Failure): void;
}

/** What reaches the upstream. */
export interface UpstreamRequest {
  readonly challengeId: string;
  /** Flat list, as forwarded. */
  readonly headers: readonly string[];
  readonly behaviour: BehaviourName;
}

/** What the upstream needs of the world. */
export interface UpstreamHost {
  /** Happens whatever becomes of the gateway. */
  readonly always: (name: string, run: () => void) => void;
  readonly executed: (request: UpstreamRequest) => void;
}

/**
 * One request to an upstream, step by step. Once it is on its way the upstream acts on it, even if the gateway has gone
 * in the meantime; what it answers is seen only by a gateway that still listens.
 *
 * @param later what only the asking process sees
 * @returns stops listening
 */
export function askUpstream(
  host: UpstreamHost,
  later: (name: string, run: () => void) => void,
  request: UpstreamRequest,
  sink: Sink,
): () => void {
  const behaviour: Behaviour = behaviours[request.behaviour];
  let listening = true;
  const seen = (name: string, run: () => void) =>
    later(`upstream ${name}`, () => {
      if (listening) run();
    });
  const answer = () => {
    const { outcome } = behaviour;
    if (typeof outcome === 'string') {
      seen(outcome, () => sink.fail(outcome));
      return;
    }
    seen(`says ${outcome}`, () => {
      // What follows the header section is on its way before anyone has decided about it.
      seen(behaviour.breaks === true ? 'breaks off' : 'ends', () =>
        behaviour.breaks === true ? sink.fail('broken') : sink.end(),
      );
      sink.head(outcome, behaviour.long === true);
    });
  };
  seen(behaviour.reached ? 'connects' : 'is unreachable', () => {
    if (!behaviour.reached) {
      sink.fail('unsent');
      return;
    }
    sink.sending();
    if (!behaviour.executes) answer();
    else
      host.always('upstream acts', () => {
        host.executed(request);
        answer();
      });
  });
  return () => {
    listening = false;
  };
}
