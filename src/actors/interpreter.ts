/**
 * The one bridge between machines, which only name what shall happen, and the world, which does it.
 *
 * Every failure out there becomes an event in here. No exception passes, no promise is left alone.
 */
import * as Data from 'effect/Data';
import * as Effect from 'effect/Effect';
import * as Fiber from 'effect/Fiber';
import type { Command, RunRef, WorldCommand } from '../machines/commands.ts';
import { isWorldCommand } from '../machines/commands.ts';
import { aliveOf, readyOf, type UnitContext } from '../machines/context.ts';
import { isFault, problemOf } from '../machines/errors.ts';
import type { Fact } from '../machines/events.ts';
import type { UnitSpec } from '../machines/spec.ts';
import type { Driver, Log, Probes, Reporter } from './ports.ts';
import type { Replies } from './replies.ts';
import type { ComputedStep } from './tick.ts';

/** Drivers by the name that {@link driverNameOf} gives a spec. */
export type Drivers = Readonly<Record<string, Driver>>;

/** Which driver runs a unit. Decided by its spec alone. */
export const driverNameOf = (spec: UnitSpec): string => (spec.kind === 'watcher' ? 'files' : 'process');

export interface InterpreterOptions {
  readonly drivers: Drivers;
  readonly probes: Probes;
  readonly replies: Replies;
  readonly log: Log;
  readonly report: Reporter;
}

export interface Interpreter {
  /** Does what the step's entry commands, as far as it is due. */
  perform(step: ComputedStep, isDue: (command: Command) => boolean): void;
  /** Resolves when everything that was begun has been answered by its driver. */
  settled(): Promise<void>;
}

class CommandFailed extends Data.TaggedError('CommandFailed')<{ readonly cause: unknown }> {}

export function createInterpreter(options: InterpreterOptions): Interpreter {
  const { drivers, probes, replies, report, log } = options;
  const underWay = new Set<Fiber.Fiber<void>>();

  return {
    perform({ entry, next }, isDue) {
      entry.commands.forEach((command, index) => {
        if (!isDue(command)) return;
        if (command.type === 'reply') replies.settle(command.params.requestId, command.params.problem);
        else if (isWorldCommand(command)) begin(command, `${entry.seq}.${index}`, entry.seq, next.context);
      });
    },
    async settled() {
      await Promise.all([...underWay].map((fiber) => Effect.runPromise(Fiber.await(fiber))));
    },
  };

  function begin(command: WorldCommand, key: string, seq: number, context: UnitContext): void {
    const run = runOf(context);
    const attempt = Effect.tryPromise({
      try: () => carryOut(command, key, seq, run, context.spec),
      catch: (cause) => new CommandFailed({ cause }),
    }).pipe(
      Effect.catch(({ cause }) =>
        Effect.sync(() => {
          log.warn(
            { unit: run.unitId, generation: run.generation, seq },
            `${command.type}: ${problemOf(cause).message}`,
          );
          report({ unitId: run.unitId, cause: seq, fact: failureOf(command, run.generation, cause) });
        }),
      ),
    );
    const fiber = Effect.runFork(attempt);
    underWay.add(fiber);
    fiber.addObserver(() => underWay.delete(fiber));
  }

  async function carryOut(command: WorldCommand, key: string, seq: number, run: RunRef, spec: UnitSpec): Promise<void> {
    const name = driverNameOf(spec);
    const driver = drivers[name];
    if (!driver) throw new NoDriver({ name });
    const call = { key, seq, run, spec };
    switch (command.type) {
      case 'launch':
        return driver.launch(call);
      case 'revoke':
        return driver.revoke(call);
      case 'attach':
        return driver.attach(call);
      case 'endRun':
        return driver.endRun(call, command.params.how);
      case 'sweep':
        return driver.sweep(call, command.params.how);
      case 'startProbe': {
        const { probe } = command.params;
        const probeSpec = probe === 'ready' ? readyOf(spec) : aliveOf(spec);
        return probeSpec ? probes.start({ key, seq, run, probe, unit: spec, spec: probeSpec }) : undefined;
      }
      case 'stopProbe':
        return probes.stop(run, command.params.probe);
    }
  }
}

class NoDriver extends Data.TaggedError('NoDriver')<{ readonly name: string }> {
  override get message(): string {
    return `There is no driver "${this.name}".`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    return 'Give openReeve() one, or change the spec.';
  }
}

export function runOf({ id, epoch, generation, run }: UnitContext): RunRef {
  return { unitId: id, runId: run?.runId ?? `${epoch}.${generation}`, generation, handle: run?.handle ?? null };
}

/** A launch that could not even be tried is a launch that failed; the rest is noted, and deadlines deal with it. */
function failureOf({ type }: WorldCommand, generation: number, cause: unknown): Fact {
  const problem = problemOf(cause);
  if (type !== 'launch') return { type: 'driver.failed', generation, command: type, problem };
  return { type: 'run.launch-failed', generation, problem, resource: !isFault(cause) };
}
