import type { Answer, Delivery, GateRequest, Terms } from '@farebox/gate';
import { decodeRequest, parseChallenges } from '@farebox/protocol';
import { checkAnswer, checkExecuted, checkUpstream } from './answer-checks.js';
import type { Owner } from './clock.js';
import { Connection } from './connection.js';
import { type Presented, present } from './credentials.js';
import { expectThat, type Presentation } from './facts.js';
import type { Gateways, Ground } from './gateways.js';
import { paymentHashOf } from './node.js';
import type { Step } from './plan.js';
import type { Process } from './process.js';
import { isOnce, type Purchase, requestOf, routes } from './shop.js';
import { askUpstream, type BehaviourName } from './upstream.js';

/** As `sendReplay` in the gate. */
function sendReplay(connection: Connection, answer: Answer, delivery: Delivery): void {
  if (connection.closed) {
    delivery.cut();
    return;
  }
  connection.onClose = () => (connection.finished ? delivery.answered() : delivery.cut());
  connection.send(answer.status, answer.headers, String(answer.body));
}

/** The buyers: they ask, pay, present, leave and come back. */
export class Clients {
  readonly #ground: Ground;
  readonly #gateways: Gateways;
  /** Owns what outlives every gateway, such as an upstream's side effect. */
  readonly #outside: Owner;

  constructor(ground: Ground, gateways: Gateways, outside: Owner) {
    this.#ground = ground;
    this.#gateways = gateways;
    this.#outside = outside;
  }

  /** Asks without a credential. Returns whose turn it is. */
  ask({ purchase: number, route, repeats, keyed }: Step & { do: 'ask' }): Process | undefined {
    const { purchases, node } = this.#ground.facts;
    if (purchases.has(number)) return undefined;
    const purchase: Purchase = {
      number,
      route,
      idempotencyKey: keyed === true ? `key ${number}` : undefined,
      challenge: undefined,
      reference: '',
      preimage: '',
      served: 0,
    };
    purchases.set(number, purchase);
    node.repeats = repeats === true;
    const presented = { request: requestOf(purchase), token: '', genuine: false };
    return this.#send(purchase, 'no credential', presented, 'serves', false);
  }

  pay(number: number): void {
    const { purchases, clock, node } = this.#ground.facts;
    const purchase = purchases.get(number);
    // A buyer does not pay what is too late to be of use.
    const expiresMs = Date.parse(purchase?.challenge?.expires ?? '');
    if (purchase === undefined || !(expiresMs > clock.nowMs)) return;
    purchase.preimage = node.pay(purchase.reference) ?? '';
  }

  /** Sends a credential, honestly or not. Returns whose turn it is. */
  present({ purchase: number, way, upstream, cuts }: Step & { do: 'present' }): Process | undefined {
    const purchase = this.#ground.facts.purchases.get(number);
    const presented = purchase === undefined ? undefined : present(purchase, way);
    if (purchase === undefined || presented === undefined) return undefined;
    return this.#send(purchase, way, presented, upstream, cuts === true);
  }

  /** One of the open connections is lost. Returns whose turn it is. */
  cut(choice: number): Process | undefined {
    const open = this.#ground.facts.presentations.filter((each) => each.open);
    const use = open[choice % Math.max(1, open.length)];
    use?.connection.leave();
    return use?.process;
  }

  #send(
    purchase: Purchase,
    way: Presentation['way'],
    { request, token, genuine }: Presented,
    behaviour: BehaviourName,
    cuts: boolean,
  ): Process {
    const { facts, happenings } = this.#ground;
    const process = this.#gateways.next;
    const host = {
      later: (name: string, run: () => void) => happenings.add(process, name, run),
      begun: (body: string) => checkAnswer(facts, use, body),
      over: (complete: boolean) => this.#over(use, complete),
      left: () => void facts.clientsLeft.add(purchase),
    };
    const connection = new Connection(host, cuts);
    // One that was cut may still be being worked for.
    const works = (each: Presentation) => !each.connection.finished;
    const rivals = facts.presentations.filter((each) => works(each) && each.purchase === purchase);
    const use: Presentation = {
      number: facts.presentations.length + 1,
      ...{ purchase, way, genuine, token, process, connection },
      beganMs: facts.clock.nowMs,
      troublesBefore: process.troubles,
      admitted: false,
      stop: () => {},
      open: true,
      alone: rivals.length === 0,
      grants: 0,
      movedByHand: false,
    };
    for (const rival of rivals) rival.alone = false;
    facts.presentations.push(use);
    process.connections.add(connection);
    if (genuine) process.presented.add(purchase.challenge?.id ?? '');
    this.#admit(use, request, behaviour);
    return process;
  }

  // As `admit` in `apps/gateway/src/handler.ts`.
  #admit(use: Presentation, request: GateRequest, behaviour: BehaviourName): void {
    const { facts, happenings, parts } = this.#ground;
    const { process, connection, token } = use;
    const { terms }: { terms: Terms } = routes[use.purchase.route];
    const onFault = (error: unknown) => expectThat(facts, false, 'house', `it rejected: ${error}`);
    const always = (name: string, run: () => void) => happenings.add(this.#outside, name, run);
    const later = (name: string, run: () => void) => {
      if (process.alive) happenings.add(process, name, run);
    };
    Promise.resolve(process.gate.admit(request, terms)).then((admission) => {
      if (!process.alive) return;
      if (admission.kind === 'refused') {
        const { status, headers, body } = admission.answer;
        connection.send(status, headers, String(body));
        return;
      }
      use.admitted = true;
      const { delivery } = admission;
      if (admission.kind === 'replayed') {
        sendReplay(connection, admission.answer, delivery);
        return;
      }
      const { challengeId } = delivery;
      const executed = () => checkExecuted(facts, challengeId, use.purchase.route);
      use.stop = parts.startExchange({
        ...{ delivery, effect: terms.effect, connection, onFault, token },
        send: (sink, headers) => {
          if (!process.alive) return () => {};
          const asked = { challengeId, headers, behaviour };
          checkUpstream(facts, use, asked);
          return askUpstream({ always, executed }, later, asked, sink);
        },
      });
    }, onFault);
  }

  #over(use: Presentation, complete: boolean): void {
    use.open = false;
    use.process.connections.delete(use.connection);
    const { status, headers, body } = use.connection;
    this.#ground.say(`    ${use.number}: ${use.way}, ${complete ? status : `cut (${status})`}`);
    const { purchase } = use;
    // The client was told that nobody knows, or was cut off, or a committed answer broke before it could leave.
    const resume = body.includes('"retry":"resume"') || (!isOnce(purchase.route) && status >= 500);
    if (use.admitted && (!complete || resume)) this.#ground.facts.doubtful.add(purchase.challenge?.id ?? '');
    if (!complete) return;
    if (status >= 200 && status < 300) {
      purchase.served++;
      use.process.completed.add(purchase.challenge?.id ?? '');
    }
    if (use.way !== 'no credential' || status !== 402) return;
    const fields = headers.filter((_, at) => at % 2 === 1 && headers[at - 1] === 'WWW-Authenticate');
    const [challenge] = parseChallenges(fields).challenges;
    if (challenge === undefined) return;
    purchase.challenge = challenge;
    purchase.reference = paymentHashOf(decodeRequest(challenge.request));
  }
}
