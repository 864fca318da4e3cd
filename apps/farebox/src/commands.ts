import type { Command } from 'commander';

/** One top-level command, loaded only when it is needed. */
export interface CommandModule {
  readonly name: string;
  readonly register: (program: Command) => Promise<void>;
}

/** Every top-level command, in the order of the help. One line each. */
export const commandModules: readonly CommandModule[] = [
  {
    name: 'demo',
    register: async (program) => (await import('./commands/demo.js')).registerDemo(program),
  },
  { name: 'serve', register: async (program) => (await import('@farebox/gateway')).registerServe(program) },
  {
    name: 'pay',
    register: async (program) => (await import('./commands/pay-group.js')).registerPay(program),
  },
  {
    name: 'wallet',
    register: async (program) => (await import('./commands/wallet-group.js')).registerWallet(program),
  },
  {
    name: 'ledger',
    register: async (program) => (await import('./commands/ledger-group.js')).registerLedger(program),
  },
  {
    name: 'doctor',
    register: async (program) => (await import('./commands/doctor.js')).registerDoctor(program),
  },
  {
    name: 'devnet',
    register: async (program) => (await import('./commands/devnet.js')).registerDevnet(program),
  },
  {
    name: 'completion',
    register: async (program) => (await import('./commands/completion.js')).registerCompletion(program),
  },
];
