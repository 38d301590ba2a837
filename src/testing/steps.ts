import type { Queues } from '../actors/queues.ts';
import type { Groups } from '../actors/registry.ts';
import type { Saying } from '../adapters/simulation/fact-body.ts';
import type { Fault } from '../adapters/simulation/faults.ts';
import { parseDuration } from '../api/duration.ts';
import type { Duration } from '../api/types.ts';
import { problemOf } from '../machines/errors.ts';
import type { UnitSpec } from '../machines/spec.ts';
import type { UnitId } from '../machines/vocabulary.ts';
import type { Wish } from './asked.ts';
import type { Successor } from './options.ts';
import type { Simulation } from './simulation.ts';

/** What somebody asks for. */
export type Request =
  | { readonly do: Wish; readonly unit: UnitId }
  | { readonly do: 'up' | 'down' }
  /** Adds it, or again what was removed, or in place of what rests. Refused while it is up. */
  | { readonly do: 'add'; readonly unit: UnitId };

/** What happens to processes, whoever looks. Where nothing of the kind is alive, nothing happens. */
export type Happening =
  /** Somebody else sends it a signal. */
  | { readonly do: 'kill'; readonly unit: UnitId; readonly signal: NodeJS.Signals }
  /** It is gone, and so is whoever could have written down how. */
  | { readonly do: 'vanish' | 'sicken' | 'recover' | 'fork'; readonly unit: UnitId }
  | { readonly do: 'say'; readonly unit: UnitId; readonly saying: Saying }
  /** What a watcher watches has changed. */
  | { readonly do: 'touch'; readonly unit: UnitId; readonly what: readonly string[] };

/** What happens to the machine, or to the orchestrator. */
export type Disturbance =
  /** SIGKILL of the orchestrator: at once, or in the middle of what it does after so many commits and commands. */
  | ({ readonly do: 'crash'; readonly after?: number } & Successor)
  /** It closes and leaves what runs; the next one comes later. */
  | { readonly do: 'leave'; readonly downMs: number }
  | { readonly do: 'reboot'; readonly offMs: number }
  | { readonly do: 'suspend' | 'jump' | 'stall' | 'lag'; readonly ms: number }
  | { readonly do: 'disk'; readonly full?: boolean; readonly failures?: number; readonly commitMs?: number }
  /** Processes of somebody else take pids that ours gave back. */
  | { readonly do: 'crowd'; readonly count: number; readonly stayMs: number }
  | ({ readonly do: 'fault' } & Fault)
  /** The machine of this unit throws from now on, until the unit begins again. */
  | { readonly do: 'bug'; readonly unit: UnitId };

/** One thing that happens, so long after the one before it. */
export type Step = (Request | Happening | Disturbance) & {
  /** @default 0 */
  readonly wait?: Duration;
};

/** Lets the time before a step pass, and then the step happen, with all that follows at once. */
export async function play(sim: Simulation, step: Step, units: ReadonlyMap<UnitId, UnitSpec>): Promise<void> {
  await sim.advance(parseDuration(step.wait ?? 0, 'wait'));
  if (isRequest(step)) ask(sim, step, units);
  else if (isDisturbance(step)) await disturb(sim, step);
  else happen(sim, step);
  await sim.settle();
}

const REQUESTS: ReadonlySet<string> = new Set(['start', 'stop', 'restart', 'terminate', 'up', 'down', 'add']);
const HAPPENINGS: ReadonlySet<string> = new Set(['kill', 'vanish', 'sicken', 'recover', 'fork', 'say', 'touch']);

const isRequest = (step: Request | Happening | Disturbance): step is Request => REQUESTS.has(step.do);
const isDisturbance = (step: Request | Happening | Disturbance): step is Disturbance =>
  !REQUESTS.has(step.do) && !HAPPENINGS.has(step.do);

/** Where no orchestrator is up, there is nobody to ask. */
function ask(sim: Simulation, step: Request, units: ReadonlyMap<UnitId, UnitSpec>): void {
  if (!sim.isUp) return;
  if (!('unit' in step)) {
    sim.askAll(step.do);
  } else if (step.do !== 'add') {
    sim.ask(step.unit, step.do);
  } else {
    const spec = units.get(step.unit);
    const value = sim.orchestrator.registry.get(step.unit)?.snapshot.value;
    if (spec && (value === undefined || JSON.stringify(value) === SETTLED)) add(sim, [spec]);
  }
}

const SETTLED = JSON.stringify({ reaped: 'settled' });

/** A disk that is full refuses to add, in words; a killed orchestrator does not even say so. */
export function add(sim: Simulation, specs: readonly UnitSpec[], groups?: Groups, queues?: Queues): void {
  const { lives } = sim;
  try {
    sim.orchestrator.add(specs, groups, queues);
  } catch (error) {
    if (sim.isUp && sim.lives === lives && problemOf(error).code !== 'StoreUnwritable') throw error;
  }
}

function happen(sim: Simulation, step: Happening): void {
  const { world } = sim;
  if (step.do === 'touch') sim.touch(step.unit, step.what);
  else if (step.do === 'fork') world.fork(step.unit);
  else if (world.alive(step.unit) === null) return;
  else if (step.do === 'kill') world.kill(step.unit, step.signal);
  else if (step.do === 'vanish') world.vanish(step.unit);
  else if (step.do === 'say') world.say(step.unit, step.saying);
  else if (step.do === 'sicken') world.unhealthy(step.unit);
  else world.healthy(step.unit);
}

async function disturb(sim: Simulation, step: Disturbance): Promise<void> {
  switch (step.do) {
    case 'crash':
      return sim.crashAfter(step.after ?? null, step);
    case 'leave':
      await sim.leave();
      return sim.expect({ downMs: step.downMs });
    case 'reboot':
      sim.reboot(step.offMs);
      return sim.expect({ downMs: 0 });
    case 'suspend':
      return sim.clock.suspend(step.ms);
    case 'jump':
      return sim.clock.jumpWall(step.ms);
    case 'stall':
      return sim.clock.stall(step.ms);
    case 'lag':
      sim.world.reportLagMs = step.ms;
      return undefined;
    case 'disk':
      Object.assign(sim.disk, { isFull: step.full ?? false, failures: step.failures ?? 0 });
      sim.disk.commitMs = step.commitMs ?? 0;
      return undefined;
    case 'crowd':
      return sim.world.crowd(step.count, step.stayMs);
    case 'fault':
      return sim.faults.plan(step);
    case 'bug':
      return breakMachine(sim, step.unit);
  }
}

function breakMachine(sim: Simulation, unit: UnitId): void {
  const actor = sim.isUp ? sim.orchestrator.registry.get(unit) : undefined;
  if (!actor) return;
  const step = (): never => {
    throw new Error('a bug in a machine');
  };
  Object.assign(actor, { stepper: { ...actor.stepper, step } });
}
