import type { RequestListener } from 'node:http';
import { answerCommands } from '../process/commands.js';
import { cpuTime } from '../process/cpu.js';
import type { ServerCommands } from '../process/tables.js';
import { createForward, listenOnLoopback } from './relay.js';

// Scenario: the same API sold with mppx, in front of the same proxy.

/** mppx is a development dependency: say so when it is not there. */
async function importSeller(): Promise<typeof import('./mppx-seller.js')> {
  try {
    return await import('./mppx-seller.js');
  } catch (cause) {
    throw new Error(
      'mppx 0.11.0 or viem cannot be imported, so there is nothing to compare with; run npm ci.',
      { cause },
    );
  }
}

answerCommands<ServerCommands>({
  cpu: cpuTime,
  close: () => undefined,
  async listen({ upstreamPort }) {
    const { createCharge } = await importSeller();
    const charge = createCharge();
    const forward = createForward(upstreamPort);
    const listener: RequestListener = async (request, response) => {
      try {
        const headers = { authorization: request.headers.authorization ?? '' };
        const result = await charge(new Request(`http://api.example.com${request.url}`, { headers }));
        if (result.status === 402) {
          const answer = result.challenge;
          response.writeHead(402, Object.fromEntries(answer.headers));
          response.end(await answer.text());
          return;
        }
        const receipt = result.withReceipt(new Response(null)).headers.get('payment-receipt');
        forward(request, response, receipt ?? undefined);
      } catch {
        response.writeHead(500).end();
      }
    };
    const { port } = await listenOnLoopback(listener);
    return { port };
  },
});
