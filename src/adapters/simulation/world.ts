import { strict as assert } from 'node:assert';
import type { Clock, Sighting } from '../../actors/ports.ts';
import type { RunRef } from '../../machines/commands.ts';
import type { EndMethod, Problem, RunId, Survivor, UnitId } from '../../machines/vocabulary.ts';
import { type Behaviour, type Behaviours, behaviourOf, type Reaction } from './behaviour.ts';
import { exitOf, handleOf, identities, isAlive, type SimulatedProcess } from './process.ts';

export interface Launch {
  readonly runId: RunId;
  readonly unitId: UnitId;
  readonly generation: number;
  readonly atMs: number;
}
export type LaunchAnswer =
  | { readonly is: 'under-way' | 'revoked' }
  | { readonly is: 'refused'; readonly problem: Problem; readonly resource: boolean };
export type Change = { readonly is: 'born' | 'ended' | 'vanished'; readonly process: SimulatedProcess };

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
  /** What no orchestrator may do, in words. Thrown as well, but whoever did it may have swallowed that. */
  readonly violations: string[] = [];
  readonly #clock: Clock;
  readonly #behaviours: Record<UnitId, Behaviour | readonly Behaviour[]>;
  readonly #runs = new Map<RunId, Run>();
  readonly #observers = new Set<(change: Change) => void>();
  readonly #nextIdentity: ReturnType<typeof identities>;

  constructor(options: { readonly clock: Clock; readonly behaviours?: Behaviours; readonly pidsMax?: number }) {
    this.#clock = options.clock;
    this.#behaviours = { ...options.behaviours };
    this.#nextIdentity = identities(options.clock, options.pidsMax ?? 30_000);
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
    return this.processes().findLast((process) => process.unitId === unitId) ?? null;
  }

  processOf(runId: RunId): SimulatedProcess | null {
    return this.#runs.get(runId)?.process ?? null;
  }

  /** The processes that run now, strays included. */
  pidsAlive(): readonly number[] {
    return this.processes().flatMap((process) => [
      ...(isAlive(process, this.#clock) ? [process.identity.pid] : []),
      ...this.#straysAlive(process).map(({ pid }) => pid),
    ]);
  }

  /** Somebody else signals the newest process of a unit. Only SIGTERM can be ignored. */
  kill(unitId: UnitId, signal: NodeJS.Signals): void {
    const process = this.#newestAlive(unitId);
    this.#deliver(process, signal, signal === 'SIGTERM' ? (process.behaviour.onTerminate ?? 'dies') : 'dies');
  }

  /** It ends and leaves no record, as when its launcher is killed with it. */
  vanish(unitId: UnitId): void {
    const process = this.#newestAlive(unitId);
    process.running = false;
    this.#announce({ is: 'vanished', process });
  }

  print(unitId: UnitId, text: string): void {
    this.#newestAlive(unitId).output += text;
  }

  /** Its liveness probe fails from now on, until `healthy` or a new run. */
  unhealthy(unitId: UnitId): void {
    this.#newestAlive(unitId).unhealthy = true;
  }

  healthy(unitId: UnitId): void {
    this.#newestAlive(unitId).unhealthy = false;
  }

  /** For drivers: `observer` is told of every birth and end. Returns how to stop that. */
  observe(observer: (change: Change) => void): () => void {
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }

  /** For drivers: begins a launch. @throws {AssertionError} The run was launched before. */
  launch({ runId, unitId, generation }: RunRef): LaunchAnswer {
    const known = this.#runs.get(runId);
    if (known?.claim === 'revoked') return { is: 'revoked' };
    if (known !== undefined) {
      this.violations.push(`Run ${runId} of "${unitId}" was launched twice.`);
      assert.fail(this.violations.at(-1));
    }
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
    if (isAlive(process, this.#clock)) return { is: 'alive', handle: handleOf(process) };
    return process.exit === null ? { is: 'lost' } : { is: 'ended', exit: process.exit, handle: handleOf(process) };
  }

  /** For drivers: what became of it tells `observe`. Nothing happens to a process that is not the one meant. */
  end({ runId, unitId, handle }: RunRef, how: EndMethod, stopSignal: NodeJS.Signals): void {
    const process = this.processOf(runId);
    if (process === null || !isAlive(process, this.#clock)) return;
    const meant = handle?.identity;
    if (meant && (meant.pid !== process.identity.pid || meant.startTicks !== process.identity.startTicks)) {
      this.violations.push(`Run ${runId} of "${unitId}" was to be ended by the identity of another process.`);
      return;
    }
    const { onAsk = 'ignores', onTerminate = 'dies', exit = { code: 0 } } = process.behaviour;
    if (how === 'kill') this.#deliver(process, 'SIGKILL', 'dies');
    if (how === 'terminate') this.#deliver(process, stopSignal, onTerminate);
    if (how === 'ask') {
      process.signals.push('ask');
      this.#react(onAsk, () => this.#finish(process, exit));
    }
  }

  /** For drivers: ends strays. `null`: some are left that only SIGKILL may end. */
  sweep(runId: RunId, how: 'terminate' | 'kill'): readonly Survivor[] | null {
    const process = this.processOf(runId);
    if (process === null) return [];
    const { strayTermDeaf = false, strayKillDeaf = false } = process.behaviour;
    if (!strayKillDeaf && (how === 'kill' || !strayTermDeaf)) for (const stray of process.strays) stray.running = false;
    const left = this.#straysAlive(process).map(({ pid, command }) => ({ pid, command }));
    return how === 'terminate' && left.length > 0 ? null : left;
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
    const { runId, unitId, generation, behaviour } = run;
    const process: SimulatedProcess = {
      ...{ runId, unitId, generation, behaviour },
      identity: this.#freeIdentity(),
      startedMs: this.#clock.wallMs(),
      startedMonoMs: this.#clock.monoMs(),
      strays: [],
      signals: [],
      output: '',
      unhealthy: false,
      running: true,
      exit: null,
    };
    run.process = process;
    for (let count = 1; count <= (behaviour.strays ?? 0); count++) {
      process.strays.push({ pid: this.#freeIdentity().pid, command: `stray ${count} of ${unitId}`, running: true });
    }
    const { diesAfterMs = null, exit = { code: 0 } } = behaviour;
    if (diesAfterMs !== null) this.#clock.setTimer(diesAfterMs, () => this.#finish(process, exit));
    this.#announce({ is: 'born', process });
  }

  #deliver(process: SimulatedProcess, signal: NodeJS.Signals, reaction: Reaction): void {
    process.signals.push(signal);
    this.#react(reaction, () => this.#finish(process, { signal }));
  }

  #react(reaction: Reaction, end: () => void): void {
    if (reaction === 'dies') end();
    else if (reaction !== 'ignores') this.#clock.setTimer(reaction.afterMs, end);
  }

  #finish(process: SimulatedProcess, how: Parameters<typeof exitOf>[0]): void {
    if (!isAlive(process, this.#clock)) return;
    process.running = false;
    process.exit = exitOf(how, this.#clock.wallMs());
    this.#announce({ is: 'ended', process });
  }

  #announce(change: Change): void {
    for (const observer of [...this.#observers]) observer(change);
  }

  #newestAlive(unitId: UnitId): SimulatedProcess {
    const process = this.process(unitId);
    assert(process !== null && isAlive(process, this.#clock), `No process of "${unitId}" is alive.`);
    return process;
  }

  #straysAlive(process: SimulatedProcess) {
    return process.identity.bootId === this.#clock.bootId ? process.strays.filter(({ running }) => running) : [];
  }

  #freeIdentity() {
    const taken = new Set(this.pidsAlive());
    return this.#nextIdentity((pid) => taken.has(pid));
  }
}
