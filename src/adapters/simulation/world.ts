import { strict as assert } from 'node:assert';
import type { Clock, Sighting } from '../../actors/ports.ts';
import type { RunRef } from '../../machines/commands.ts';
import type { EndMethod, RunId, Survivor, UnitId } from '../../machines/vocabulary.ts';
import { type Behaviour, type Behaviours, behaviourOf } from './behaviour.ts';
import type { Saying } from './fact-body.ts';
import type { Launch, LaunchAnswer } from './launch.ts';
import { type Change, Lives } from './lives.ts';
import { NO_PIDS } from './pids.ts';
import { handleOf, type SimulatedProcess, type SimulatedStray } from './process.ts';

interface Run extends Launch {
  readonly behaviour: Behaviour;
  readonly bootId: string;
  claim: 'open' | 'claimed' | 'revoked';
  process: SimulatedProcess | null;
}

/**
 * What is true, whoever looks: it outlives every orchestrator that acts on it.
 *
 * Launchers and processes live by the clock given here, not by that of an orchestrator: a launch goes on after the
 * death of whoever ordered it. Give orchestrators a `session()` of the same clock, and end it to let one crash.
 */
export class World {
  /** Every launch that was begun. A run that is here twice cannot be: the second launch throws. */
  readonly launches: Launch[] = [];
  /** Units whose runs were forgotten, once for every run. */
  readonly discarded: UnitId[] = [];
  /** What no orchestrator may do, in words. Thrown as well, but whoever did it may have swallowed that. */
  readonly violations: string[] = [];
  readonly #clock: Clock;
  readonly #behaviours: Record<UnitId, Behaviour | readonly Behaviour[]>;
  readonly #runs = new Map<RunId, Run>();
  readonly #newest = new Map<UnitId, SimulatedProcess>();
  /** Births and deaths of all of its processes. */
  readonly lives: Lives;
  /** How long what happens is on its way to whoever watches. */
  reportLagMs = 0;

  constructor(options: { readonly clock: Clock; readonly behaviours?: Behaviours; readonly pidsMax?: number }) {
    this.#clock = options.clock;
    this.#behaviours = { ...options.behaviours };
    this.lives = new Lives(options.clock, options.pidsMax ?? 30_000);
  }

  /** Changes how later runs of a unit behave. */
  behave(unitId: UnitId, behaviour: Behaviour | readonly Behaviour[]): void {
    this.#behaviours[unitId] = behaviour;
  }

  /** Every process there ever was, oldest first. */
  processes(): readonly SimulatedProcess[] {
    return [...this.#runs.values()].flatMap(({ process }) => process ?? []);
  }

  /** The newest process of a unit, dead or alive. */
  process(unitId: UnitId): SimulatedProcess | null {
    return this.#newest.get(unitId) ?? null;
  }

  processOf(runId: RunId): SimulatedProcess | null {
    return this.#runs.get(runId)?.process ?? null;
  }

  /** The processes that run now, strays included. */
  pidsAlive(): readonly number[] {
    return this.lives
      .left()
      .flatMap((process) => [
        ...(this.lives.isAlive(process) ? [process.identity.pid] : []),
        ...this.straysOf(process).map(({ identity }) => identity.pid),
      ]);
  }

  /** The newest process of a unit, if it runs. */
  alive(unitId: UnitId): SimulatedProcess | null {
    const process = this.process(unitId);
    return process && this.runs(process.runId) ? process : null;
  }

  /** Whether the leader of a run is alive. */
  runs(runId: RunId): boolean {
    const process = this.processOf(runId);
    return process !== null && this.lives.isAlive(process);
  }

  straysOf(process: SimulatedProcess): readonly SimulatedStray[] {
    return this.lives.straysOf(process);
  }

  /** Somebody else signals the newest process of a unit. Only SIGTERM can be ignored. */
  kill(unitId: UnitId, signal: NodeJS.Signals): void {
    const process = this.#newestAlive(unitId);
    process.signalsOfStrangers.push(signal);
    this.lives.deliver(process, signal, signal === 'SIGTERM' ? (process.behaviour.onTerminate ?? 'dies') : 'dies');
  }

  /** It ends and leaves no record, as when its launcher is killed with it. */
  vanish(unitId: UnitId): void {
    this.lives.vanish(this.#newestAlive(unitId));
  }

  print(unitId: UnitId, text: string): void {
    this.lives.print(this.#newestAlive(unitId), text);
  }

  /** Its liveness probe fails from now on, until `healthy` or a new run. */
  unhealthy(unitId: UnitId): void {
    Object.assign(this.#newestAlive(unitId), { unhealthy: true, wasUnhealthy: true });
  }
  healthy(unitId: UnitId): void {
    this.#newestAlive(unitId).unhealthy = false;
  }

  /** The run forks, if anything of it still runs that could; what it forks outlives its leader. */
  fork(unitId: UnitId): void {
    const process = this.process(unitId);
    if (process && (this.lives.isAlive(process) || this.straysOf(process).length > 0)) this.lives.fork(process);
  }

  /** A sign of life, or of none, from the newest process of a unit. */
  say(unitId: UnitId, saying: Saying): void {
    this.lives.announce({ is: 'said', process: this.#newestAlive(unitId), saying });
  }

  /** Processes of somebody else take the pids that were given back last. */
  crowd(count: number, stayMs: number): void {
    this.lives.pids.crowd(count, stayMs);
  }

  /** For drivers: `observer` is told of every birth and end. Returns how to stop that. */
  observe(observer: (change: Change) => void): () => void {
    return this.lives.observe(observer);
  }

  /** For drivers: begins a launch. @throws {AssertionError} The run was launched before. */
  launch({ runId, unitId, generation }: RunRef): LaunchAnswer {
    const known = this.#runs.get(runId);
    if (known?.claim === 'revoked') return { is: 'revoked' };
    if (known !== undefined) {
      this.violations.push(`Run ${runId} of "${unitId}" was launched twice.`);
      assert.fail(this.violations.at(-1));
    }
    if (this.lives.pids.isScarce()) return { is: 'refused', problem: NO_PIDS, resource: true };
    const run = this.#remember({ runId, unitId, generation });
    this.launches.push({ runId, unitId, generation, atMs: run.atMs });
    const { launch = 'ok' } = run.behaviour;
    if (launch === 'hangs') return { is: 'under-way' };
    if (typeof launch === 'object' && 'fails' in launch) {
      return { is: 'refused', problem: launch.fails, resource: launch.resource ?? false };
    }
    this.#clock.defer(() => {
      if (run.claim !== 'open') return;
      run.claim = 'claimed';
      if (launch === 'ok') this.#clock.defer(() => this.#bear(run));
      if (typeof launch === 'object') this.#clock.setTimer(launch.afterMs, () => this.#bear(run));
    });
    return { is: 'under-way' };
  }

  /** For drivers: what is true of a run. Takes the claim of a launch that nobody began. */
  sight(ref: Pick<RunRef, 'runId' | 'unitId' | 'generation'>): Sighting {
    const run = this.#runs.get(ref.runId) ?? this.#remember(ref);
    if (run.claim !== 'claimed') {
      run.claim = 'revoked';
      return { is: 'revoked' };
    }
    const { process } = run;
    if (process === null) return { is: run.bootId === this.#clock.bootId ? 'claimed' : 'lost' };
    const known = { handle: handleOf(process), startedMs: process.startedMs };
    if (this.lives.isAlive(process)) return { is: 'alive', ...known };
    return process.exit === null ? { is: 'lost', ...known } : { is: 'ended', exit: process.exit, ...known };
  }

  /** For drivers: `observe` tells what became of it. Nothing happens to another process; who is none yet is killed. */
  end({ runId, unitId, handle }: RunRef, how: EndMethod, stopSignal: NodeJS.Signals): void {
    const run = this.#runs.get(runId);
    if (how === 'kill' && run?.process === null) run.claim = 'revoked';
    const process = run?.process ?? null;
    if (process === null || !this.lives.isAlive(process)) return;
    const meant = handle?.identity;
    if (meant && (meant.pid !== process.identity.pid || meant.startTicks !== process.identity.startTicks)) {
      this.violations.push(`Run ${runId} of "${unitId}" was to be ended by the identity of another process.`);
      return;
    }
    const { onAsk = 'ignores', onTerminate = 'dies', exit = { code: 0 } } = process.behaviour;
    if (how === 'kill') this.lives.deliver(process, 'SIGKILL', 'dies');
    if (how === 'terminate') this.lives.deliver(process, stopSignal, onTerminate);
    if (how === 'ask') {
      process.signals.push('ask');
      this.lives.react(onAsk, () => this.lives.finish(process, exit));
    }
  }

  /** For drivers: ends strays. `null`: some are left that only SIGKILL may end. */
  sweep(runId: RunId, how: 'terminate' | 'kill'): readonly Survivor[] | null {
    const run = this.#runs.get(runId);
    const process = run?.process ?? null;
    // A launcher belongs to its run as well.
    if (run && process === null) run.claim = 'revoked';
    if (process === null) return [];
    const { strayTermDeaf = false, strayKillDeaf = false } = process.behaviour;
    if (!strayKillDeaf && (how === 'kill' || !strayTermDeaf)) this.lives.endStrays(process);
    const left = this.straysOf(process).map(({ identity: { pid }, command }) => ({ pid, command }));
    return how === 'terminate' && left.length > 0 ? null : left;
  }

  /** For drivers: ends whatever is left of a run that is over. */
  clear(runId: RunId): void {
    const process = this.processOf(runId);
    if (process && this.runs(runId)) this.lives.deliver(process, 'SIGKILL', 'dies');
    this.sweep(runId, 'kill');
  }

  #remember({ runId, unitId, generation }: Omit<Launch, 'atMs'>): Run {
    const run: Run = {
      runId,
      unitId,
      generation,
      atMs: this.#clock.wallMs(),
      behaviour: behaviourOf(this.#behaviours, unitId, generation),
      bootId: this.#clock.bootId,
      claim: 'open',
      process: null,
    };
    this.#runs.set(runId, run);
    return run;
  }

  #bear(run: Run): void {
    if (run.claim !== 'claimed') return;
    const process = this.lives.bear(run);
    // Its launcher tries again, as a shell does that cannot fork.
    if (process === null) return void this.#clock.setTimer(FORK_AGAIN_MS, () => this.#bear(run));
    run.process = process;
    this.#newest.set(run.unitId, process);
    const { prints } = run.behaviour;
    if (prints) this.#clock.setTimer(prints.afterMs, () => this.lives.print(process, `${prints.line}\n`));
    this.lives.announce({ is: 'born', process });
  }

  #newestAlive(unitId: UnitId): SimulatedProcess {
    const process = this.process(unitId);
    assert(process !== null && this.lives.isAlive(process), `No process of "${unitId}" is alive.`);
    return process;
  }
}

const FORK_AGAIN_MS = 10;
