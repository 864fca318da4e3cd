import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { done, failed, run } from './command.js';
import { type Buyer, type Identity, openWorld, type World, yearPrice } from './world.js';

// The flow of the HeadlessDomains document, literally: its request with curl, its Python, its retry with curl; the host is
// ours and the name is another each time. Then the same by `farebox domains register`, and by mppx (R30, R31).

const execute = promisify(execFile);
const curl = spawnSync('curl', ['--version']).status === 0;
/** As for the interop tests: needs Python 3.11 and `pip install "pympp[tempo]==0.6.0"`. */
const python = process.env.FAREBOX_PYMPP_PYTHON ?? 'python3';
const probe = spawnSync(python, [
  '-c',
  'from mpp.methods.tempo import tempo, ChargeIntent; import sys; sys.exit(sys.version_info < (3, 11))',
]);
const pympp = probe.status === 0;

/**
 * The document's "Minimal Python Pattern (pympp)". What stands around it is ours: where the key, the header and the chain's
 * node come from. Its library knows the public node of chain 4217 only, and asks that; here it is told of ours.
 */
const script = `
import asyncio, os
import mpp.methods.tempo._defaults as defaults
defaults.CHAIN_RPC_URLS = {4217: os.environ["RPC_URL"]}
import mpp.methods.tempo.client as client
client.EXPIRING_NONCE_VALID_BEFORE_SECS = 25
PRIVATE_KEY = os.environ["PRIVATE_KEY"]
www_authenticate_header = os.environ["WWW_AUTHENTICATE"]

async def main():
    from mpp import parse_www_authenticate, format_authorization
    from mpp.methods.tempo import TempoAccount, tempo, ChargeIntent

    account = TempoAccount.from_key(PRIVATE_KEY)
    challenge = parse_www_authenticate(www_authenticate_header)

    method = tempo(
        account=account,
        chain_id=4217,
        intents={"charge": ChargeIntent(chain_id=4217)},
    )

    credential = await method.create_credential(challenge)
    payment_header = format_authorization(credential)
    print(payment_header, end="")

asyncio.run(main())
`;

let world: World;
let buyer: Buyer;
let agent: Identity;
beforeAll(async () => {
  world = await openWorld();
  [buyer, agent] = await Promise.all([world.buyer(), world.identity()]);
});
afterAll(() => world?.close());

interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

/** The document's request, with curl. */
async function send(name: string, more: readonly string[] = []): Promise<Answered> {
  const { stdout } = await execute('curl', [
    ...['-sS', '-i', '-X', 'POST', `${world.url}/api/v1/domains/register`],
    ...['-H', `X-API-Key: ${agent.key}`],
    ...['-H', 'X-Payment-Method: mpp'],
    ...['-H', 'Content-Type: application/json'],
    ...more.flatMap((header) => ['-H', header]),
    ...['--data-raw', `{"domain":"${name}","tld":"chatbot","years":1}`],
  ]);
  const [head = '', ...rest] = stdout.split('\r\n\r\n');
  const [line = '', ...fields] = head.split('\r\n');
  const headers = new Headers(
    fields.map((field): [string, string] => [
      field.slice(0, field.indexOf(':')),
      field.slice(field.indexOf(':') + 1),
    ]),
  );
  return { status: Number(line.split(' ')[1]), headers, body: Object(JSON.parse(rest.join('\r\n\r\n'))) };
}

describe.skipIf(!curl)(`the document's flow${curl ? '' : ' (skipped: there is no curl)'}`, () => {
  it('step 1 and 2: the request gets 402 with a challenge for chain 4217 (R4, R5, R7, R9)', async () => {
    const { status, headers, body } = await send('first');
    expect(status).toBe(402);
    expect(headers.get('www-authenticate')).toMatch(/^Payment .*method="tempo"/);
    expect(body).toMatchObject({ chain_id: 4217, currency: 'pathUSD', domain: 'first.chatbot' });
  });

  const title = `steps 3 to 5: pympp signs, the retry succeeds (R10, R18, R30)`;
  it.skipIf(!pympp)(pympp ? title : `${title} (skipped: ${python} has no pympp[tempo] 0.6)`, async () => {
    const asked = await send('myname');
    const env = {
      ...process.env,
      RPC_URL: world.chain.url,
      PRIVATE_KEY: buyer.privateKey,
      WWW_AUTHENTICATE: asked.headers.get('www-authenticate') ?? '',
    };
    const { stdout: header } = await execute(python, ['-c', script], { env });
    expect(header).toMatch(/^Payment [A-Za-z0-9_-]+$/);
    const before = await world.earned();
    const paid = await send('myname', [`Authorization: ${header}`]);
    expect(paid.body).toMatchObject({ success: true, domain: 'myname.chatbot', owner_id: agent.agentId });
    expect(paid.status).toBe(200);
    expect(paid.headers.get('payment-receipt')).not.toBeNull();
    expect(await world.earned()).toBe(before + yearPrice);
    const again = await send('myname', [`Authorization: ${header}`]);
    // Spent, and the name is taken: refused, and nothing is charged.
    expect(again.status).toBeGreaterThanOrEqual(400);
    expect(await world.earned()).toBe(before + yearPrice);
  });
});

it('the same by farebox domains register', async () => {
  const environment = { ...buyer.environment, FAREBOX_REGISTRAR_KEY: agent.key };
  const bought = await done(buyer.home, ['domains', 'register', 'theirname.chatbot', '--yes'], environment);
  expect(bought).toMatchObject({
    paid: true,
    status: 200,
    receiptStatus: 'valid',
    answer: { owner_id: agent.agentId },
  });
  expect(await world.lookup('theirname.chatbot')).toBe(200);
});

it('a renewal is previewed as it would be refused: for too many years, and of a name of somebody else', async () => {
  const other = await world.identity();
  const free = (domain: string, key: string) =>
    fetch(`${world.url}/api/v1/domains/register`, {
      method: 'POST',
      headers: { 'x-api-key': key, 'content-type': 'application/json' },
      body: JSON.stringify({ domain, coupon_code: 'GIFT' }),
    });
  await Promise.all([free('mine.agent', agent.key), free('theirs.agent', other.key)]);
  const environment = { ...buyer.environment, FAREBOX_REGISTRAR_KEY: agent.key };
  const preview = (...words: string[]) => failed(buyer.home, ['domains', 'renew', ...words], environment);
  const [tooLong, notMine] = await Promise.all([
    preview('mine.agent', '--years', '10'),
    preview('theirs.agent'),
  ]);
  expect(tooLong).toMatchObject({ status: 400, error: { message: expect.stringContaining('10 years') } });
  expect(notMine).toMatchObject({ status: 403, error: { code: 'not_allowed' } });
});

it('R31: the same by mppx, whose retry keeps key, type and body', async () => {
  const { Mppx, tempo } = await import('mppx/client');
  const { createClient, defineChain, http } = await import('viem');
  const { tempoLocalnet } = await import('viem/chains');
  const { Account } = await import('viem/tempo');
  const rpcUrls = { default: { http: [world.chain.url] } };
  const chain = defineChain({ ...tempoLocalnet, id: world.chain.chainId, rpcUrls });
  const node = createClient({
    chain,
    transport: http(world.chain.url, { retryCount: 0 }),
    pollingInterval: 20,
  });
  const account = Account.fromSecp256k1(buyer.privateKey);
  const mppx = Mppx.create({ polyfill: false, methods: [tempo.charge({ account, getClient: () => node })] });
  const answer = await mppx.fetch(`${world.url}/api/v1/domains/register`, {
    method: 'POST',
    headers: { 'X-API-Key': agent.key, 'X-Payment-Method': 'mpp', 'Content-Type': 'application/json' },
    body: '{"domain":"hername","tld":"chatbot","years":1}',
  });
  expect(await answer.json()).toMatchObject({
    success: true,
    domain: 'hername.chatbot',
    owner_id: agent.agentId,
  });
  expect(answer.status).toBe(200);
});

it('R29: doctor goes through the list of the document, and finds the key in the wrong header', async () => {
  const order = ['-d', '{"domain":"hisname","tld":"chatbot","years":1}', '-H', 'X-Payment-Method: mpp'];
  const words = [
    'doctor',
    `${world.url}/api/v1/domains/register`,
    ...order,
    '-H',
    `Authorization: Bearer ${agent.key}`,
  ];
  const { findings, stdout } = await doctor(words);
  expect(stdout).not.toContain(agent.key);
  // The credential takes the place of the Bearer key, and with it goes who asked.
  expect(findings).toContainEqual(
    expect.objectContaining({ area: 'replay', level: 'warning', text: expect.stringContaining('identity') }),
  );
  expect(findings).toContainEqual(expect.objectContaining({ area: 'wallet', code: 'own_key', level: 'ok' }));
});

async function doctor(words: readonly string[]) {
  const { stdout } = await run(buyer.home, [...words, '--json'], buyer.environment);
  const { findings } = Object(JSON.parse(stdout));
  return { findings, stdout };
}
