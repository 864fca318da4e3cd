import { answerCommands } from '../process/commands.js';
import { cpuTime } from '../process/cpu.js';
import type { ServerCommands } from '../process/tables.js';
import { createForward, listenOnLoopback } from './relay.js';

// Scenario: no gateway at all, only the proxy.

answerCommands<ServerCommands>({
  cpu: cpuTime,
  close: () => undefined,
  async listen({ upstreamPort }) {
    const forward = createForward(upstreamPort);
    const { port } = await listenOnLoopback((request, response) => forward(request, response));
    return { port };
  },
});
