/** The commands that one kind of process answers: name → arguments and reply, both structured-cloneable. */
export type CommandTable = Record<string, { readonly args: unknown; readonly reply: unknown }>;

/** One function per command. */
export type Handlers<Commands extends CommandTable> = {
  readonly [Name in keyof Commands]: (
    args: Commands[Name]['args'],
  ) => Commands[Name]['reply'] | Promise<Commands[Name]['reply']>;
};

/** A command on its way to a child. */
export interface Question {
  readonly name: string;
  readonly args: unknown;
}

/** A child's reply to the last question. */
export type Reply =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly detail: string };

/**
 * Answers the parent's commands, one after another, until the parent goes away. Called once, by the entry file of a
 * child process.
 */
export function answerCommands<Commands extends CommandTable>(handlers: Handlers<Commands>): void {
  const reply = (message: Reply): void => {
    process.send?.(message);
  };
  process.on('message', async (question: Question) => {
    const handler = handlers[question.name];
    if (handler === undefined) return reply({ ok: false, detail: `no such command: ${question.name}` });
    try {
      reply({ ok: true, value: await handler(question.args) });
    } catch (error) {
      reply({ ok: false, detail: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  });
  process.on('disconnect', () => process.exit(0));
}
