import { existsSync } from 'node:fs';
import { type FSWatcher, watch as watchTree } from 'chokidar';
import type { Clock, Driver, DriverCall, Log, Reporter, Sighting } from '../../actors/ports.ts';
import type { RunRef } from '../../machines/commands.ts';
import { problemOf } from '../../machines/errors.ts';
import type { Fact } from '../../machines/events.ts';
import type { WatcherSpec } from '../../machines/spec.ts';
import type { ExitReport, Handle, RunId } from '../../machines/vocabulary.ts';
import { type CannotWatch, noSuchDirectory, notAWatcher, watchFailure } from './errors.ts';
import { planWatch, type WatchPlan } from './globs.ts';

/** Changes that come together are one observation. The machine's own `debounce` comes on top. */
const TOGETHER_MS = 20;
/** A checkout may change ten thousand files; nobody reads more names than this. */
const NAMES_MAX = 100;

/** A watcher has no process: it lives in ours, and is armed again after a restart of ours. */
const HANDLE: Handle = { pid: null, identity: null };

/** Watches files. A run begins when the watcher is armed, and ends when it is disarmed or the system takes it away. */
export function fileWatchDriver(options: {
  readonly clock: Clock;
  readonly log: Log;
  /** How a tree is watched. @default chokidar's `watch` */
  readonly watch?: typeof watchTree;
}): Driver {
  return new FileWatchDriver(options.clock, options.log, options.watch ?? watchTree);
}

interface Watching {
  readonly watcher: FSWatcher;
  readonly seen: Set<string>;
  isArmed: boolean;
  cancelReport: (() => void) | null;
}

class FileWatchDriver implements Driver {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #watch: typeof watchTree;
  readonly #watching = new Map<RunId, Watching>();
  readonly #ended = new Map<RunId, ExitReport>();
  readonly #done = new Set<string>();
  #report: Reporter | null = null;

  constructor(clock: Clock, log: Log, watch: typeof watchTree) {
    this.#clock = clock;
    this.#log = log;
    this.#watch = watch;
  }

  async connect(report: Reporter): Promise<void> {
    this.#report = report;
  }

  async launch(call: DriverCall): Promise<void> {
    this.#arm(call, 'aloud');
  }

  /** Quietly: a run that goes on is no news, and what changed while we were dead nobody saw. */
  async attach(call: DriverCall): Promise<void> {
    this.#arm(call, 'quietly');
  }

  async revoke(call: DriverCall): Promise<void> {
    if (this.#watching.get(call.run.runId)?.isArmed) {
      this.#tellLaunched(call);
      return;
    }
    await this.#disarm(call.run.runId);
    this.#tell(call, { type: 'run.revoked' });
  }

  /** Whoever ends a run must hear of its end, also where it was told before: it may not have been believed then. */
  async endRun(call: DriverCall): Promise<void> {
    const { runId } = call.run;
    const exit = this.#ended.get(runId) ?? this.#exit(0);
    this.#ended.set(runId, exit);
    await this.#disarm(runId);
    this.#tell(call, { type: 'run.exited', exit });
  }

  async sweep(call: DriverCall): Promise<void> {
    this.#tell(call, { type: 'run.swept', survivors: [] });
  }

  /** A watch that was armed can be armed again at any time, which `attach` does; one that was not never was. */
  async sight({ runId, handle }: RunRef): Promise<Sighting> {
    const exit = this.#ended.get(runId);
    if (exit) return { is: 'ended', exit, handle };
    return handle === null ? { is: 'revoked' } : { is: 'alive', handle };
  }

  async discard({ runId }: { readonly runId: RunId }): Promise<void> {
    this.#ended.delete(runId);
  }

  /** What watches here ends with us. */
  async tidy(): Promise<void> {}

  async close(): Promise<void> {
    this.#report = null;
    await Promise.all([...this.#watching.keys()].map((runId) => this.#disarm(runId)));
  }

  #arm(call: DriverCall, how: 'aloud' | 'quietly'): void {
    const { run, spec, key } = call;
    if (this.#done.has(key) || this.#watching.has(run.runId)) return;
    this.#done.add(key);
    const wasLaunched = how === 'quietly';
    if (spec.kind !== 'watcher') {
      this.#giveUp(call, notAWatcher(run.unitId), wasLaunched);
    } else if (!existsSync(spec.cwd)) {
      this.#giveUp(call, noSuchDirectory(spec.cwd), wasLaunched);
    } else {
      this.#watchFor(call, spec, wasLaunched);
    }
  }

  #watchFor(call: DriverCall, { files, cwd }: WatcherSpec, wasLaunched: boolean): void {
    const plan = planWatch(files, cwd);
    const watcher = this.#watch([...plan.roots], {
      ignored: (path) => plan.ignores(path),
      ignoreInitial: true,
      // One directory that may not be read is no reason to miss all others.
      ignorePermissionErrors: true,
    });
    const watching: Watching = { watcher, seen: new Set(), isArmed: false, cancelReport: null };
    this.#watching.set(call.run.runId, watching);
    watcher.on('all', (event, path) => {
      const isFile = event === 'add' || event === 'change' || event === 'unlink';
      if (isFile) this.#see(call, watching, plan.match(path));
    });
    watcher.on('error', (error) => this.#giveUp(call, watchFailure(error, cwd), wasLaunched || watching.isArmed));
    watcher.on('ready', () => {
      watching.isArmed = true;
      if (wasLaunched) return;
      this.#tellLaunched(call);
      this.#tellMissing(call, plan);
    });
  }

  #see(call: DriverCall, watching: Watching, name: string | null): void {
    if (name === null) return;
    watching.seen.add(name);
    watching.cancelReport ??= this.#clock.setTimer(TOGETHER_MS, () => {
      watching.cancelReport = null;
      const what = summary([...watching.seen].sort());
      watching.seen.clear();
      this.#tell(call, { type: 'watch.observed', what });
    });
  }

  #giveUp(call: DriverCall, failure: CannotWatch, wasLaunched: boolean): void {
    const { unitId, runId, generation } = call.run;
    this.#log.error({ unit: unitId, generation }, `${failure.message} ${failure.hint}`);
    void this.#disarm(runId);
    if (wasLaunched) {
      const exit = this.#exit(1);
      this.#ended.set(runId, exit);
      this.#tell(call, { type: 'run.exited', exit });
    } else {
      this.#tell(call, { type: 'run.launch-failed', problem: problemOf(failure), resource: failure.isResource });
    }
  }

  #tellLaunched(call: DriverCall): void {
    this.#tell(call, { type: 'run.launched', handle: HANDLE, startedMs: this.#clock.wallMs(), adopted: false });
  }

  #tellMissing(call: DriverCall, { missing }: WatchPlan): void {
    if (missing.length === 0) return;
    const text = `${missing.join(', ')} does not exist yet, and is watched as soon as it does`;
    this.#log.warn({ unit: call.run.unitId, generation: call.run.generation }, text);
    this.#tell(call, { type: 'run.progressed', text });
  }

  async #disarm(runId: RunId): Promise<void> {
    const watching = this.#watching.get(runId);
    if (watching === undefined) return;
    this.#watching.delete(runId);
    watching.cancelReport?.();
    const closed = watching.watcher.close();
    // Closing takes all listeners away at once; but an error may be on its way, and without a listener it would end us.
    watching.watcher.on('error', () => {});
    await closed;
  }

  #exit(code: number): ExitReport {
    return { code, signal: null, rawStatus: null, certain: true, endedMs: this.#clock.wallMs() };
  }

  #tell({ run, seq }: DriverCall, fact: FactBody): void {
    this.#clock.defer(() => {
      this.#report?.({ unitId: run.unitId, cause: seq, fact: { ...fact, generation: run.generation } });
    });
  }
}

type Bodies<F> = F extends { readonly generation: number } ? Omit<F, 'generation'> : never;
type FactBody = Bodies<Fact>;

const summary = (names: readonly string[]): readonly string[] =>
  names.length <= NAMES_MAX ? names : [...names.slice(0, NAMES_MAX), `and ${names.length - NAMES_MAX} more`];
