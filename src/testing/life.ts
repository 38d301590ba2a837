import type { Driver, Probes } from '../actors/ports.ts';
import type { ClockSession } from '../adapters/simulation/clock.ts';
import type { Store } from '../store/rows.ts';

/**
 * One life of an orchestrator: what it can do to the world and to the store ends at once when it is killed.
 *
 * A SIGKILL may come between any two effects: before a commit, after it, before any single command. So the effects of
 * a life are counted, and it may be said beforehand after how many of them it ends. Code that still runs in it then,
 * because nothing can stop it, does nothing any more.
 */
export class Life {
  readonly clock: ClockSession;
  /** Commits count twice: before and after. */
  effects = 0;
  isOver = false;
  readonly #onEnd: () => void;
  #effectsLeft = Number.POSITIVE_INFINITY;

  constructor(clock: ClockSession, onEnd: () => void) {
    this.clock = clock;
    this.#onEnd = onEnd;
  }

  /** It ends when it has had so many more effects. */
  endAfter(effects: number): void {
    this.#effectsLeft = effects;
  }

  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.clock.end();
    this.#onEnd();
  }

  /** The same store, as long as it lives. It outlives the life: closing one does not close the other. */
  store(store: Store): Store {
    const writing =
      <Args extends unknown[], Result>(write: (...args: Args) => Result) =>
      (...args: Args): Result => {
        if (!this.#affects()) throw new Error(DEAD);
        const result = write(...args);
        // Killed right after it: the commit stands, and nothing of what follows from it is done.
        this.#affects();
        return result;
      };
    return {
      ...store,
      commit: writing(store.commit),
      trim: writing(store.trim),
      setMeta: writing(store.setMeta),
      rememberMachine: writing(store.rememberMachine),
      close() {},
    };
  }

  driver(driver: Driver): Driver {
    const live = this.#whileAlive;
    return {
      connect: live((report) => driver.connect(report)),
      launch: live((call) => driver.launch(call)),
      revoke: live((call) => driver.revoke(call)),
      attach: live((call) => driver.attach(call)),
      endRun: live((call, how) => driver.endRun(call, how)),
      sweep: live((call, how) => driver.sweep(call, how)),
      sight: live((run) => driver.sight(run)),
      discard: live((run) => driver.discard(run)),
      tidy: live((open, spared, known) => driver.tidy(open, spared, known)),
      strays: live(async (open, spared) => (await driver.strays?.(open, spared)) ?? []),
      close: live(() => driver.close()),
    };
  }

  probes(probes: Probes): Probes {
    const live = this.#whileAlive;
    return {
      connect: live((report) => probes.connect(report)),
      start: live((call) => probes.start(call)),
      stop: live((run, probe) => probes.stop(run, probe)),
      close: live(() => probes.close()),
    };
  }

  /** A call out of a dead process never happens, and is never answered. */
  readonly #whileAlive =
    <Args extends unknown[], Result>(act: (...args: Args) => Promise<Result>) =>
    (...args: Args): Promise<Result> =>
      this.#affects() ? act(...args) : new Promise(() => {});

  /** `false`: it is over, also when it ends here. */
  #affects(): boolean {
    if (this.isOver) return false;
    this.effects++;
    if (--this.#effectsLeft < 0) this.end();
    return !this.isOver;
  }
}

const DEAD = 'This orchestrator was killed.';
