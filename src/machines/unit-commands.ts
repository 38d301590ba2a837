import { setup } from 'xstate';
import type { LocalCommand, WorldCommand } from './commands.ts';
import type { UnitContext, UnitInput } from './context.ts';
import type { UnitEvent } from './events.ts';

/** Every machine must end its own cascades; a cycle of `always` would otherwise hang the process. */
export const MAX_ITERATIONS = 1_000;

export type CommandParams = { [Type in (LocalCommand | WorldCommand)['type']]: ParamsOf<Type> };
type ParamsOf<Type> =
  Extract<LocalCommand | WorldCommand, { readonly type: Type }> extends { readonly params: infer P } ? P : undefined;

/** Declares a command by name. The interpreter knows how to do it; replay knows not to. */
const command =
  <Type extends keyof CommandParams>(_type: Type) =>
  (_scope: unknown, _params: CommandParams[Type]): void => {};

/** Commands are declared here, and done elsewhere after the commit of the entry that holds them. */
export const commands = setup({
  types: {
    input: {} as UnitInput,
    context: {} as UnitContext,
    events: {} as UnitEvent,
    tags: {} as 'alive' | 'ready',
  },
  actions: {
    launch: command('launch'),
    revoke: command('revoke'),
    attach: command('attach'),
    endRun: command('endRun'),
    sweep: command('sweep'),
    startProbe: command('startProbe'),
    stopProbe: command('stopProbe'),
    startTimer: command('startTimer'),
    cancelTimer: command('cancelTimer'),
    tell: command('tell'),
    reply: command('reply'),
    recordOutcome: command('recordOutcome'),
    forgetUnit: command('forgetUnit'),
  },
});
