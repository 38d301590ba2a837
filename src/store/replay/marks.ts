/** What is worth stopping at in a history. */
import { isWorldCommand } from '../../machines/commands.ts';
import type { EventBody } from '../../machines/events.ts';
import { isFailure } from '../../machines/outcome.ts';
import { isSameJson } from './differences.ts';
import type { FoldStep } from './history.ts';

/**
 * `entry`: each of them. `state`: the unit came into another state. `command`: something was to be done in the world.
 * `error`: a launch, a probe, a driver or a dependency failed, or a run ended in a way that nobody asked for.
 */
export type Mark = 'entry' | 'state' | 'command' | 'error';

export const MARKS: Readonly<Record<Mark, (step: FoldStep) => boolean>> = {
  entry: () => true,
  state: ({ entry, before }) => !isSameJson(entry.value, before?.value ?? null),
  command: ({ entry }) => entry.commands.some(isWorldCommand),
  error: ({ entry: { event, commands } }) =>
    FAILURES.has(event.type) ||
    commands.some(({ type, params }) => type === 'recordOutcome' && isFailure(params.outcome.kind)),
};

const FAILURES: ReadonlySet<string> = new Set<EventBody['type']>([
  'run.launch-failed',
  'run.lost',
  'probe.failed',
  'probe.exhausted',
  'driver.failed',
  'dependencies.failed',
]);
