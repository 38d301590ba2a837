import type { Clock } from '../../actors/ports.ts';
import type { RunId, UnitId } from '../../machines/vocabulary.ts';
import type { Behaviour, Reaction } from './behaviour.ts';
import type { Saying } from './fact-body.ts';
import { Pids } from './pids.ts';
import { exitOf, isAlive, type SimulatedProcess, type SimulatedStray } from './process.ts';

export type Change =
  | { readonly is: 'born' | 'printed' | 'ended' | 'vanished'; readonly process: SimulatedProcess }
  /** What a driver would see of it that is neither birth nor end. */
  | { readonly is: 'said'; readonly process: SimulatedProcess; readonly saying: Saying };

/** Births, forks, signals and deaths, and who is told of them. */
export class Lives {
  readonly pids: Pids;
  readonly #clock: Clock;
  readonly #observers = new Set<(change: Change) => void>();
  /** At least those of which anything runs: a long life has thousands of others. */
  readonly #left = new Set<SimulatedProcess>();

  constructor(clock: Clock, pidsMax: number) {
    this.#clock = clock;
    this.pids = new Pids(clock, pidsMax);
  }

  observe(observer: (change: Change) => void): () => void {
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }

  announce(change: Change): void {
    for (const observer of [...this.#observers]) observer(change);
  }

  isAlive(process: SimulatedProcess): boolean {
    return isAlive(process, this.#clock);
  }

  print(process: SimulatedProcess, text: string): void {
    if (!this.isAlive(process)) return;
    process.output += text;
    this.announce({ is: 'printed', process });
  }

  /** `null`: there is no pid for it. Its birth is announced by whoever keeps it. */
  bear(run: {
    readonly runId: RunId;
    readonly unitId: UnitId;
    readonly generation: number;
    readonly behaviour: Behaviour;
  }): SimulatedProcess | null {
    const { runId, unitId, generation, behaviour } = run;
    const identity = this.pids.take();
    if (identity === null) return null;
    const process: SimulatedProcess = {
      ...{ runId, unitId, generation, behaviour, identity },
      startedMs: this.#clock.wallMs(),
      startedMonoMs: this.#clock.monoMs(),
      ...{
        strays: [],
        signals: [],
        signalsOfStrangers: [],
        output: '',
        unhealthy: false,
        wasUnhealthy: false,
        running: true,
        exit: null,
      },
    };
    this.#left.add(process);
    for (let count = 0; count < (behaviour.strays ?? 0); count++) this.fork(process);
    const { diesAfterMs = null, exit = { code: 0 } } = behaviour;
    if (diesAfterMs !== null) this.#clock.setTimer(diesAfterMs, () => this.finish(process, exit));
    return process;
  }

  /** The processes of which anything runs: they themselves, or a stray. Oldest first. */
  left(): readonly SimulatedProcess[] {
    for (const process of this.#left) {
      if (!this.isAlive(process) && this.straysOf(process).length === 0) this.#left.delete(process);
    }
    return [...this.#left];
  }

  fork(process: SimulatedProcess): void {
    const identity = this.pids.take();
    if (identity === null) return;
    const command = `stray ${process.strays.length + 1} of ${process.unitId}`;
    process.strays.push({ identity, command, running: true });
  }

  /** What a run has forked and still runs. A reboot ends that, too. */
  straysOf(process: SimulatedProcess): readonly SimulatedStray[] {
    return process.identity.bootId === this.#clock.bootId ? process.strays.filter(({ running }) => running) : [];
  }

  endStrays(process: SimulatedProcess): void {
    for (const stray of process.strays) {
      stray.running = false;
      this.pids.free(stray.identity);
    }
  }

  deliver(process: SimulatedProcess, signal: NodeJS.Signals, reaction: Reaction): void {
    process.signals.push(signal);
    this.react(reaction, () => this.finish(process, { signal }));
  }

  react(reaction: Reaction, end: () => void): void {
    if (reaction === 'dies') end();
    else if (reaction !== 'ignores') this.#clock.setTimer(reaction.afterMs, end);
  }

  finish(process: SimulatedProcess, how: Parameters<typeof exitOf>[0]): void {
    if (!this.isAlive(process)) return;
    process.running = false;
    this.pids.free(process.identity);
    process.exit = exitOf(how, this.#clock.wallMs());
    this.announce({ is: 'ended', process });
  }

  /** It ends and leaves no record. */
  vanish(process: SimulatedProcess): void {
    process.running = false;
    this.pids.free(process.identity);
    this.announce({ is: 'vanished', process });
  }
}
