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
import { aliveOf, readyOf, runsInProcess, type UnitContext } from '../machines/context.ts';
import { isFault, problemOf } from '../machines/errors.ts';
import type { Fact } from '../machines/events.ts';
import { soughtIn } from '../machines/printed.ts';
import type { UnitSpec } from '../machines/spec.ts';
import { stateOf } from '../machines/view.ts';
import type { ProbePurpose } from '../machines/vocabulary.ts';
import type { ComputedStep } from './computed.ts';
import type { Clock, Driver, Log, ProbeOrder, Probes, Reporter } from './ports.ts';
import type { Replies } from './replies.ts';

/** Drivers by the name that {@link driverNameOf} gives a spec. */
export type Drivers = Readonly<Record<string, Driver>>;

/** Which driver runs a unit. Decided by its spec alone. */
export const driverNameOf = (spec: UnitSpec): string =>
  spec.kind === 'watcher' ? 'files' : runsInProcess(spec) ? 'in-process' : 'process';

export interface InterpreterOptions {
  readonly drivers: Drivers;
  readonly probes: Probes;
  readonly replies: Replies;
  readonly log: Log;
  readonly clock: Clock;
  readonly report: Reporter;
}

/** How long a driver that was asked for something is waited for when all is closed. */
export const ANSWERS_WITHIN_MS = 10_000;

export interface Interpreter {
  /** Does what the step's entry commands, as far as it is due. */
  perform(step: ComputedStep, isDue: (command: Command) => boolean): void;
  /** Resolves when everything that was begun has been answered by its driver, or has had time enough for that. */
  settled(): Promise<void>;
}

/** A unit as it is after the entry whose commands are performed. */
interface UnitNow {
  readonly context: UnitContext;
  readonly value: unknown;
}

class CommandFailed extends Data.TaggedError('CommandFailed')<{ readonly cause: unknown }> {}

export function createInterpreter(options: InterpreterOptions): Interpreter {
  const { drivers, probes, replies, report, log, clock } = options;
  const underWay = new Set<Fiber.Fiber<void>>();

  return {
    perform({ entry, next }, isDue) {
      entry.commands.forEach((command, index) => {
        if (!isDue(command)) return;
        if (command.type === 'reply') replies.settle(command.params.requestId, command.params.problem);
        else if (isWorldCommand(command)) begin(command, `${entry.seq}.${index}`, entry.seq, next);
      });
    },
    async settled() {
      const late = Promise.withResolvers<void>();
      const cancel = clock.setTimer(ANSWERS_WITHIN_MS, () => {
        log.warn({}, `${underWay.size} commands are not answered after ${ANSWERS_WITHIN_MS} ms: their drivers hang`);
        late.resolve();
      });
      const answered = Promise.all([...underWay].map((fiber) => Effect.runPromise(Fiber.await(fiber))));
      await Promise.race([answered, late.promise]).finally(cancel);
    },
  };

  function begin(command: WorldCommand, key: string, seq: number, unit: UnitNow): void {
    const { context } = unit;
    const run = runOf(context);
    const attempt = Effect.tryPromise({
      try: () => carryOut(command, key, seq, unit),
      catch: (cause) => new CommandFailed({ cause }),
    }).pipe(
      Effect.catch(({ cause }) =>
        Effect.promise(async () => {
          log.warn(
            { unit: run.unitId, generation: run.generation, seq },
            `${command.type}: ${problemOf(cause).message}`,
          );
          const never = command.type === 'launch' && (await isRevoked(run, context.spec));
          report({ unitId: run.unitId, cause: seq, fact: failureOf(command, run.generation, cause, never) });
        }),
      ),
    );
    const fiber = Effect.runFork(attempt);
    underWay.add(fiber);
    fiber.addObserver(() => underWay.delete(fiber));
  }

  /** Whoever does not know whether a launch has begun takes it back (I1). Where nobody can tell, its deadline looks. */
  async function isRevoked(run: RunRef, spec: UnitSpec): Promise<boolean> {
    const driver = drivers[driverNameOf(spec)];
    try {
      return !driver || (await driver.sight(run)).is === 'revoked';
    } catch {
      return false;
    }
  }

  async function carryOut(command: WorldCommand, key: string, seq: number, unit: UnitNow): Promise<void> {
    const { spec, restarts, ending } = unit.context;
    const call = { key, seq, run: runOf(unit.context), spec, attempt: restarts + 1, ending };
    const name = driverNameOf(call.spec);
    const driver = drivers[name];
    if (!driver) throw new NoDriver({ name });
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
        const order = orderFor(command.params.probe, unit);
        return order ? probes.start({ key, seq, run: call.run, unit: call.spec, ...order }) : undefined;
      }
      case 'stopProbe':
        return probes.stop(call.run, command.params.probe);
    }
  }
}

function orderFor(probe: ProbePurpose, { context, value }: UnitNow): ProbeOrder | null {
  const { run, spec } = context;
  const [ready, alive, startedMs] = [readyOf(spec), aliveOf(spec), run?.startedMs ?? null];
  if (probe === 'ready') return ready && { probe, spec: ready, startedMs };
  if (probe === 'printed') return { probe, patterns: soughtIn(run) };
  if (probe === 'alive') return alive && { probe, spec: alive, startedMs };
  return spec.idle && { probe, spec: spec.idle, isIdle: stateOf(value).state === 'idle-stalled' };
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

/** A launch that has never begun is one that failed; the rest is noted, and deadlines deal with it. */
function failureOf({ type }: WorldCommand, generation: number, cause: unknown, isRevoked: boolean): Fact {
  const problem = problemOf(cause);
  if (!isRevoked) return { type: 'driver.failed', generation, command: type, problem };
  return { type: 'run.launch-failed', generation, problem, resource: !isFault(cause) };
}
