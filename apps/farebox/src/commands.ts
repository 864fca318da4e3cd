import type { Command } from 'commander';

/** One top-level command, loaded only when it is needed. */
export interface CommandModule {
  readonly name: string;
  readonly register: (program: Command) => Promise<void>;
  /** True where it is made from the whole tree, which is then loaded. */
  readonly whole?: true;
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
    name: 'domains',
    register: async (program) => (await import('./commands/domains-group.js')).registerDomains(program),
  },
  {
    name: 'ledger',
    register: async (program) => (await import('./commands/ledger-group.js')).registerLedger(program),
  },
  {
    name: 'keys',
    register: async (program) => (await import('./commands/keys-group.js')).registerKeys(program),
  },
  {
    name: 'admin',
    register: async (program) => (await import('./commands/admin-group.js')).registerAdmin(program),
  },
  {
    name: 'doctor',
    register: async (program) => (await import('./commands/doctor.js')).registerDoctor(program),
  },
  {
    name: 'mcp',
    register: async (program) => (await import('./commands/mcp.js')).registerMcp(program),
  },
  {
    name: 'devnet',
    register: async (program) => (await import('./commands/devnet.js')).registerDevnet(program),
  },
  {
    name: 'registrar',
    register: async (program) => (await import('@farebox/registrar/command')).registerRegistrar(program),
  },
  {
    name: 'schema',
    register: async (program) => (await import('./commands/schema.js')).registerSchema(program),
  },
  {
    name: 'skill',
    whole: true,
    register: async (program) => (await import('./commands/skill.js')).registerSkill(program),
  },
  {
    name: 'man',
    whole: true,
    register: async (program) => (await import('./commands/man.js')).registerMan(program),
  },
  {
    name: 'completion',
    whole: true,
    register: async (program) => (await import('./commands/completion.js')).registerCompletion(program),
  },
];
