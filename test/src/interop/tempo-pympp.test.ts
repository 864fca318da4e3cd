import { execFile, spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Delegate, openTempoMarket, type Person, type TempoMarket } from './tempo-market.js';

/**
 * The Python client that the HeadlessDomains document recommends. Needs Python 3.11 and `pip install "pympp[tempo]"`, best
 * in a virtual environment whose interpreter FAREBOX_PYMPP_PYTHON names; see docs/interop.md.
 */
const python = process.env.FAREBOX_PYMPP_PYTHON ?? 'python3';

/**
 * Pays one URL and prints status and body. Two constants are set for the devnet: newer releases sign for 60 seconds, as
 * the rules from T11 on allow, and the devnet's rules allow 30; the oldest ask the node of their own list on chain 4217,
 * whatever node they are given. The oldest also have another name for the same method.
 */
const script = `
import asyncio, json, os, sys
from mpp.methods.tempo import TempoAccount
import mpp.methods.tempo.client as module
url, rpc_url, chain_id, root = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4] or None
options = dict(account=TempoAccount.from_key(os.environ["PAYER_KEY"]), rpc_url=rpc_url, chain_id=chain_id, root_account=root)
module.EXPIRING_NONCE_VALID_BEFORE_SECS = 25
module.CHAIN_RPC_URLS = {chain_id: rpc_url}
async def main():
    try:
        from mpp.client import Mpp
        from mpp.methods.tempo import client as tempo
        async with Mpp(methods=[tempo.charge(**options)]) as mpp:
            return await mpp.fetch(url)
    except ImportError:
        from mpp.client import Client
        from mpp.methods.tempo import tempo, ChargeIntent
        async with Client(methods=[tempo(intents={"charge": ChargeIntent()}, **options)]) as client:
            return await client.get(url)
response = asyncio.run(main())
print(json.dumps({"status": response.status_code, "body": response.text, "receipt": "payment-receipt" in response.headers}))
`;

/** The interpreter's version and that of pympp, or why there is none to test with. */
const probe = spawnSync(
  python,
  [
    '-c',
    'import sys, importlib.metadata as m; print(*sys.version_info[:2]); import mpp.methods.tempo, pytempo; print(m.version("pympp"))',
  ],
  { encoding: 'utf8' },
);
const [interpreter = '', version = ''] = (probe.stdout ?? '').trim().split('\n');
const missing = whyMissing();

function whyMissing(): string | undefined {
  const [major = 0, minor = 0] = interpreter.split(' ').map(Number);
  if (interpreter === '') return `there is no Python at ${python}`;
  if (major < 3 || (major === 3 && minor < 11)) return `${python} is ${major}.${minor}, and 3.11 is needed`;
  return probe.status === 0 ? undefined : `${python} has no pympp[tempo]`;
}

const title = missing === undefined ? `pympp ${version}` : `a pympp client (skipped: ${missing})`;

describe.skipIf(missing !== undefined).each([4217, 1337])(
  `${title} at our seller, on the chain %i`,
  (chainId) => {
    let market: TempoMarket;
    beforeAll(async () => {
      market = await openTempoMarket(chainId);
    });
    afterAll(() => market.close());

    function pay(url: string, { privateKey, account }: Person | Delegate): Promise<unknown> {
      const root = account.accessKey ? account.address : '';
      const args = ['-c', script, `${url}/note`, market.devnet.url, String(chainId), root];
      const env = { ...process.env, PAYER_KEY: privateKey };
      return new Promise((resolve, reject) => {
        execFile(python, args, { env }, (error, stdout, stderr) => {
          if (error) reject(new Error(stderr.slice(-2_000)));
          else resolve(JSON.parse(stdout));
        });
      });
    }

    const served = { status: 200, body: JSON.stringify({ served: 'GET /note' }), receipt: true };

    it('pays with a key of its own', async () => {
      const [payer, merchant] = [await market.person(1_000_000n), await market.person()];
      const { url } = await market.ourSeller(250_000n, { recipient: merchant.address });
      expect(await pay(url, payer)).toEqual(served);
      expect(await market.devnet.balance(merchant.address)).toBe(250_000n);
    });

    it('pays with an access key from the root account', async () => {
      const [root, merchant] = [await market.person(5_000_000n), await market.person()];
      const delegate = await market.delegate(root, true);
      const { url } = await market.ourSeller(250_000n, { recipient: merchant.address });
      expect(await pay(url, delegate)).toEqual(served);
      expect(await market.devnet.balance(merchant.address)).toBe(250_000n);
    });

    it('is told by our answer that its access key is not registered', async () => {
      const [root, merchant] = [await market.person(5_000_000n), await market.person()];
      const delegate = await market.delegate(root, false);
      const { url } = await market.ourSeller(250_000n, { recipient: merchant.address });
      expect(await pay(url, delegate)).toMatchObject({ status: 402, body: expect.stringMatching(/key/i) });
      expect(await market.devnet.balance(merchant.address)).toBe(0n);
    });
  },
);
