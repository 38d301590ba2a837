import type { Clock, Driver, DriverCall, Probes, Reporter } from '../../actors/ports.ts';
import type { RunId, UnitId } from '../../machines/vocabulary.ts';

/** What orchestrators ask of drivers and probes, and what those say. */
export type Call = 'launch' | 'revoke' | 'attach' | 'endRun' | 'sweep' | 'sight' | 'discard' | 'startProbe' | 'report';

/**
 * How a call goes wrong. `throws`: it was not done. `throws-late`: it was. `never-answers`: neither done nor answered.
 * `slow`: done late. `twice`: a report that comes again, a while later.
 */
export type Trouble = 'throws' | 'throws-late' | 'never-answers' | 'slow' | 'twice';

/** What will happen to the next `times` calls of a kind. Data, so that a seed can make it. */
export interface Fault {
  readonly call: Call;
  readonly how: Trouble;
  /** @default 1 */
  readonly times?: number;
}

/** How late a slow call is done, and a report comes again. */
const LATE_MS = 700;

/** The faults that are still to happen, and how many of each kind did. */
export class Faults {
  readonly suffered = new Map<string, number>();
  /** Told of every call that goes wrong. */
  onTrouble: (call: Call, how: Trouble, unitId: UnitId) => void = () => {};
  /** What errors quote, as real ones quote what programs and systems say. */
  words = '';
  #planned: { readonly call: Call; readonly how: Trouble; left: number }[] = [];

  plan({ call, how, times = 1 }: Fault): void {
    this.#planned.push({ call, how, left: times });
  }

  clear(): void {
    this.#planned = [];
  }

  /** What happens to this call. `null`: nothing. */
  take(call: Call, unitId: UnitId): Trouble | null {
    const fault = this.#planned.find((planned) => planned.call === call && planned.left > 0);
    if (!fault) return null;
    fault.left--;
    this.suffered.set(`${call} ${fault.how}`, (this.suffered.get(`${call} ${fault.how}`) ?? 0) + 1);
    this.onTrouble(call, fault.how, unitId);
    return fault.how;
  }

  async suffer<T>(call: Call, unitId: UnitId, clock: Clock, act: () => Promise<T>): Promise<T> {
    const how = this.take(call, unitId);
    if (how === null || how === 'twice') return act();
    if (how === 'throws') throw this.#error(call);
    if (how === 'never-answers') return new Promise(() => {});
    if (how === 'slow') return later(clock, act);
    await act();
    throw this.#error(call);
  }

  #error(call: Call): Error {
    return new Error(`the simulated driver fails: ${call} ${this.words}`.trim());
  }
}

/** A driver that fails as its faults say. */
export function unreliableDriver(driver: Driver, faults: Faults, clock: Clock): Driver {
  const suffer = <T>(name: Call, { unitId }: { readonly unitId: UnitId }, act: () => Promise<T>): Promise<T> =>
    faults.suffer(name, unitId, clock, act);
  return {
    connect: (report: Reporter) => driver.connect(repeating(report, faults, clock)),
    launch: (call: DriverCall) => suffer('launch', call.run, () => driver.launch(call)),
    revoke: (call: DriverCall) => suffer('revoke', call.run, () => driver.revoke(call)),
    attach: (call: DriverCall) => suffer('attach', call.run, () => driver.attach(call)),
    // A machine believes its driver that a launch without a process was killed: nobody could tell it otherwise.
    endRun: (call, how) =>
      call.run.handle === null ? driver.endRun(call, how) : suffer('endRun', call.run, () => driver.endRun(call, how)),
    sweep: (call, how) => suffer('sweep', call.run, () => driver.sweep(call, how)),
    sight: (run) => suffer('sight', run, () => inAMoment(clock, () => driver.sight(run))),
    discard: (run) => suffer('discard', run, () => driver.discard(run)),
    tidy: (openRuns: readonly RunId[], spared, known) => driver.tidy(openRuns, spared, known),
    strays: async (openRuns, spared) => (await driver.strays?.(openRuns, spared)) ?? [],
    close: () => driver.close(),
  };
}

/** Probes that fail as their faults say. */
export function unreliableProbes(probes: Probes, faults: Faults, clock: Clock): Probes {
  return {
    connect: (report) => probes.connect(repeating(report, faults, clock)),
    start: (call) => faults.suffer('startProbe', call.run.unitId, clock, () => probes.start(call)),
    stop: (run, probe) => probes.stop(run, probe),
    close: () => probes.close(),
  };
}

function repeating(report: Reporter, faults: Faults, clock: Clock): Reporter {
  return (said) => {
    report(said);
    if (faults.take('report', said.unitId) === 'twice') clock.setTimer(LATE_MS, () => report(said));
  };
}

/** To find out what became of a run takes a moment, in which whatever is due happens. */
function inAMoment<T>(clock: Clock, act: () => Promise<T>): Promise<T> {
  return new Promise((resolve) => clock.defer(() => resolve(act())));
}

function later<T>(clock: Clock, act: () => Promise<T>): Promise<T> {
  const { promise, resolve } = Promise.withResolvers<T>();
  clock.setTimer(LATE_MS, () => resolve(act()));
  return promise;
}
