import type { Clock, Driver, DriverCall, Log, Reporter, Sighting } from '../../actors/ports.ts';
import type { RunRef } from '../../machines/commands.ts';
import { rerunsAfterDeath } from '../../machines/context.ts';
import { problemOf } from '../../machines/errors.ts';
import type { Fact } from '../../machines/events.ts';
import type { EndMethod, ExitReport, Handle, RunId, UnitId } from '../../machines/vocabulary.ts';
import { FunctionMissing, FunctionStillWorks, JobAborted } from './errors.ts';
import type { GivenFunctions } from './functions.ts';
import { catchStrays } from './stray-rejections.ts';
import { type Activity, type Work, workOn } from './work.ts';

/** It has no process of its own, and nothing of it can be found again after ours has died. */
const HANDLE: Handle = { pid: null, identity: null };
const UNHEEDING = 'a function of this program that did not heed its signal; what it returns is not kept';

export interface InProcessDriver extends Driver {
  /** The last that a run told of its progress. `null`: it is over, or told nothing. */
  activityOf(runId: RunId): Activity | null;
}

/**
 * Runs functions of the program that holds us.
 *
 * 1. A function can be asked to end, by its signal, and by nothing else. One that is to be killed is given up: what it
 *    still does is nobody's, and its unit does not run again before it has ended.
 * 2. It dies with the program, so a run that an earlier program began is lost. Whether one that was only ordered had
 *    begun nobody can tell: it is lost, too.
 * 3. Whatever it throws, or leaves rejected, is its own failure and never that of the program.
 */
export function inProcessDriver(options: {
  readonly clock: Clock;
  readonly log: Log;
  readonly functions: GivenFunctions;
  /** A run says that it works. */
  readonly beat: (runId: RunId, text: string) => void;
}): InProcessDriver {
  return new FunctionDriver(options);
}

type Options = Parameters<typeof inProcessDriver>[0];

class FunctionDriver implements InProcessDriver {
  readonly #options: Options;
  /** Functions that have not ended, also those that were given up; a unit has one at most. */
  readonly #works = new Map<UnitId, Work>();
  readonly #worksByRun = new Map<RunId, Work>();
  readonly #ended = new Map<RunId, ExitReport>();
  /** Launches that were taken back. */
  readonly #revoked = new Set<RunId>();
  /** Open runs of an earlier program; `null`: it is not known yet which those are, and we have begun none. */
  #earlier: Set<RunId> | null = null;
  #report: Reporter = () => {};
  #isClosed = false;

  constructor(options: Options) {
    this.#options = options;
  }

  async connect(report: Reporter): Promise<void> {
    this.#report = report;
  }

  async launch(call: DriverCall): Promise<void> {
    const { run, spec } = call;
    const { unitId, runId } = run;
    if (this.#isClosed || [this.#worksByRun, this.#ended, this.#revoked].some((known) => known.has(runId))) return;
    const given = this.#options.functions.get(unitId);
    if (!given) {
      const problem = problemOf(new FunctionMissing({ unitId, isOwed: rerunsAfterDeath(spec) }));
      return this.#tell(call, { type: 'run.launch-failed', problem, resource: false });
    }
    if (this.#works.has(unitId)) {
      const problem = problemOf(new FunctionStillWorks({ unitId }));
      return this.#tell(call, { type: 'run.launch-failed', problem, resource: true });
    }
    catchStrays();
    const work = workOn(call, given, this.#options);
    this.#works.set(unitId, work);
    this.#worksByRun.set(runId, work);
    this.#tellLaunched(call);
    this.#options.clock.defer(() => {
      if (!this.#isClosed) void work.begin().then((exit) => this.#over(call, work, exit));
    });
  }

  async revoke(call: DriverCall): Promise<void> {
    const { runId } = call.run;
    if (this.#worksByRun.has(runId)) return this.#tellLaunched(call);
    if (this.#ended.has(runId)) return this.#tellEnd(call);
    this.#revoked.add(runId);
    this.#tell(call, { type: 'run.revoked' });
  }

  /** What works here is watched already. */
  async attach(call: DriverCall): Promise<void> {
    if (this.#workFor(call.run) === null) this.#tellEnd(call);
  }

  async endRun(call: DriverCall, how: EndMethod): Promise<void> {
    const work = this.#workFor(call.run);
    if (work === null) return this.#tellEnd(call);
    const { ending } = call;
    const { unitId, generation, runId } = call.run;
    work.abort(new JobAborted({ unitId, outcome: ending?.kind ?? 'stopped', by: ending?.by ?? null }));
    if (how !== 'kill') return;
    work.giveUp();
    this.#options.log.warn({ unit: unitId, generation }, `it is given up: it is ${UNHEEDING}`);
    const endedMs = this.#options.clock.wallMs();
    this.#ended.set(runId, { code: null, signal: null, rawStatus: null, certain: true, endedMs });
    this.#tellEnd(call);
  }

  /** Its end is recorded, so we need not remember it. A function that was given up has had its time. */
  async sweep(call: DriverCall): Promise<void> {
    const { runId } = call.run;
    this.#ended.delete(runId);
    const survivors = this.#worksByRun.has(runId) ? [{ pid: process.pid, command: UNHEEDING }] : [];
    this.#tell(call, { type: 'run.swept', survivors });
  }

  async sight(run: RunRef): Promise<Sighting> {
    if (this.#workFor(run)) return { is: 'alive', handle: HANDLE };
    const exit = this.#ended.get(run.runId);
    if (exit) return { is: 'ended', exit, handle: run.handle };
    if (run.handle !== null || (this.#earlier?.has(run.runId) ?? true)) return { is: 'lost' };
    this.#revoked.add(run.runId);
    return { is: 'revoked' };
  }

  async discard({ runId }: RunRef): Promise<void> {
    this.#ended.delete(runId);
    this.#revoked.delete(runId);
    this.#earlier?.delete(runId);
  }

  async tidy(openRuns: readonly RunId[]): Promise<void> {
    this.#earlier ??= new Set(openRuns.filter((runId) => !this.#worksByRun.has(runId)));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#report = () => {};
    for (const [unitId, work] of this.#works) {
      work.abort(new JobAborted({ unitId, outcome: 'lost', by: 'close' }));
      work.giveUp();
    }
  }

  activityOf(runId: RunId): Activity | null {
    return this.#worksByRun.get(runId)?.activity() ?? null;
  }

  /** A run that works here, and was not given up. */
  #workFor({ runId }: RunRef): Work | null {
    const work = this.#worksByRun.get(runId);
    return work && !work.isGivenUp ? work : null;
  }

  #over(call: DriverCall, work: Work, exit: ExitReport): void {
    const { unitId, generation, runId } = call.run;
    this.#works.delete(unitId);
    this.#worksByRun.delete(runId);
    if (work.isGivenUp) {
      this.#options.log.warn({ unit: unitId, generation }, 'its function has ended after all; nothing of it is kept');
      return;
    }
    this.#ended.set(runId, exit);
    this.#tellEnd(call);
  }

  #tellLaunched(call: DriverCall): void {
    const startedMs = this.#options.clock.wallMs();
    this.#tell(call, { type: 'run.launched', handle: HANDLE, startedMs, adopted: false });
  }

  #tellEnd(call: DriverCall): void {
    const exit = this.#ended.get(call.run.runId);
    this.#tell(call, exit ? { type: 'run.exited', exit } : { type: 'run.lost', endedMs: this.#options.clock.wallMs() });
  }

  #tell({ run, seq }: DriverCall, fact: FactBody): void {
    this.#options.clock.defer(() => {
      this.#report({ unitId: run.unitId, cause: seq, fact: { ...fact, generation: run.generation } });
    });
  }
}

type FactBody = Fact extends infer F
  ? F extends { readonly generation: number }
    ? Omit<F, 'generation'>
    : never
  : never;
