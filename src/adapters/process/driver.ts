import { existsSync, mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { DriverCall, Outputs, Reporter, Sighting } from '../../actors/ports.ts';
import type { RunRef } from '../../machines/commands.ts';
import type { Fact } from '../../machines/events.ts';
import type { EndMethod, ExitReport, RunId, Survivor, UnitId } from '../../machines/vocabulary.ts';
import { requireLinux } from '../system/platform.ts';
import { runView } from './activity-view.ts';
import { openQuestions, type Questions } from './ask.ts';
import type { ProgramSpec } from './environment.ts';
import { execForUnits } from './exec-for-units.ts';
import { type Guardian, openGuardian } from './guardian.ts';
import { needsGuardian } from './guardian-policy.ts';
import { withLastWords } from './last-words.ts';
import { hearOut, launcherFailure, launchFailure } from './launch-failure.ts';
import type { Fork } from './launch-fork.ts';
import { planLaunch, withPort } from './launch-plan.ts';
import { installLauncher, type Launcher } from './launcher.ts';
import { rememberKeys } from './new-keys.ts';
import { type News, type Observation, type ObservedRun, observeRun } from './observation.ts';
import { endOrphans, orphanedRuns } from './orphans.ts';
import { processOutputs } from './outputs.ts';
import { type Patrol, patrolRuns } from './patrol.ts';
import { type PortKeeper, portKeeper } from './port-keeper.ts';
import type { ProcessDriverOptions, ProcessRunner } from './process-runner.ts';
import { readRecord } from './record.ts';
import { remainsOf } from './remains.ts';
import { deleteOtherRuns, type RunPaths, runPaths, runsDirectory, takeClaim } from './run-directory.ts';
import { signalRun } from './run-signal.ts';
import { recallSecrets } from './secrets.ts';
import { sightRun } from './sighting.ts';
import { silence, silenceOf } from './silence.ts';
import { openSweeper, type Sweeper } from './sweeper.ts';

/**
 * Runs operating-system processes that survive us, with their ending.
 *
 * 1. A run is claimed exactly once: by its launcher, or by whoever takes the launch back (I1).
 * 2. Who the command is stands on disk before it acts, and no signal goes to anybody who is not verified (I2).
 * 3. What is true of a run is read from its directory and the process table, never remembered (`verdict.ts`).
 *
 * `connect` rejects with `PlatformNotYet` anywhere but on Linux.
 */
export function processDriver(options: ProcessDriverOptions): ProcessRunner {
  return new ProcessDriver(options);
}

class ProcessDriver implements ProcessRunner {
  readonly outputs: Outputs;
  readonly whyNotOurs: ProcessRunner['whyNotOurs'];
  readonly exec: ProcessRunner['exec'];
  readonly view: ProcessRunner['view'];
  readonly #options: ProcessDriverOptions;
  readonly #observations = new Map<string, Observation>();
  readonly #isNew = rememberKeys();
  readonly #timers = new Set<() => void>();
  readonly #patrol: Patrol;
  readonly #sweeper: Sweeper;
  readonly #guardian: Guardian;
  readonly #ports: PortKeeper;
  readonly #questions: Questions;
  #report: Reporter = () => {};
  #launcher: Launcher | null = null;
  readonly #closing = new AbortController();
  #leaves = false;
  readonly strays = (openRuns: readonly RunId[], sparedUnits: readonly UnitId[]) =>
    orphanedRuns({ ownerId: this.#options.ownerId, openRuns, sparedUnits });
  readonly #paths = (run: RunRef): RunPaths => runPaths(this.#options.stateDir, run.runId);
  readonly #withWords = (exit: ExitReport, { out }: RunPaths): ExitReport =>
    withLastWords(exit, out, this.#options.redact ?? ((text) => text));
  readonly #later = (ms: number, run: () => void): void => {
    if (this.#closing.signal.aborted) return;
    const cancel = this.#options.clock.setTimer(ms, () => {
      this.#timers.delete(cancel);
      run();
    });
    this.#timers.add(cancel);
  };

  constructor(options: ProcessDriverOptions) {
    this.#options = options;
    this.#patrol = patrolRuns(options.clock, this.#observations);
    this.#sweeper = openSweeper(options.clock, options.log);
    this.#guardian = openGuardian({ ...options, standing: async () => this.#launcher?.standing() ?? null });
    this.#ports = portKeeper(options, { sweeper: this.#sweeper, later: this.#later });
    this.whyNotOurs = this.#ports.whyNotOurs;
    this.exec = execForUnits(options.baseEnv, options.secrets, this.#guardian);
    this.#questions = openQuestions(this.exec, (call, news) => this.#say(call, news));
    this.outputs = processOutputs(options);
    this.view = runView(options, this.outputs);
  }

  async connect(report: Reporter): Promise<void> {
    requireLinux('supervise processes');
    this.#report = (said) => {
      if (!this.#closing.signal.aborted) report(said);
    };
    mkdirSync(runsDirectory(this.#options.stateDir), { recursive: true, mode: 0o700 });
    this.#launcher = await installLauncher(this.#options);
    await this.#guardian.takeOver();
  }

  async launch(call: DriverCall): Promise<void> {
    if (!this.#isNew(call) || !this.#launcher) return;
    const paths = this.#paths(call.run);
    this.#ports.runs.began(call);
    try {
      if (existsSync(paths.directory)) return this.#settle(call);
      const plan = withPort(planLaunch(call, this.#options), await this.#ports.secure(call));
      if (needsGuardian(plan.policy)) await this.#guardian.stand();
      const launch = await this.#launcher.prepare();
      if (this.#closing.signal.aborted || !this.#ports.runs.isCurrent(call.run) || existsSync(paths.directory)) return;
      await this.#start(call, paths, () => launch(plan, paths));
    } catch (error) {
      this.#say(call, launchFailure(error));
    }
  }

  async revoke(call: DriverCall): Promise<void> {
    if (this.#isNew(call)) this.#settle(call);
  }

  async attach(call: DriverCall): Promise<void> {
    if (!this.#isNew(call) || this.#observations.has(call.run.runId)) return;
    recallSecrets(call, this.#options.secrets);
    this.#ports.adopted(call);
    if (call.run.handle === null) return this.#settle(call);
    this.#observe({ call, paths: this.#paths(call.run), adopted: true, announced: true });
  }

  async endRun(call: DriverCall, how: EndMethod): Promise<void> {
    if (!this.#isNew(call)) return;
    if (how === 'ask') return this.#questions.ask(call);
    const { run, spec } = call;
    const signal = how === 'kill' ? 'SIGKILL' : ((spec as ProgramSpec).stop.signal as NodeJS.Signals);
    const paths = this.#paths(run);
    // Whoever ends a run must hear of its end, also where an earlier look at it has failed.
    const observation =
      this.#observations.get(run.runId) ?? this.#observe({ call, paths, adopted: true, announced: true });
    observation.causedBy(call.seq);
    const onDisk = () => readRecord(paths.record)?.child ?? null;
    const identity = () => observation.identity ?? run.handle?.identity ?? onDisk();
    // Whoever would become the command is ended before. That no identity is known then is the end of it.
    if (how === 'kill' && identity() === null) {
      // Whoever has no claim yet may not even be there to be killed, and gets none.
      const isTaken = takeClaim(paths);
      const isSilent = silence(paths);
      if (isTaken) return observation.conclude(launcherFailure('SIGKILL'));
      if (isSilent) return observation.look();
    }
    signalRun({ call, signal, identity, gone: () => observation.look(), later: this.#later }, this.#options.log);
  }

  async sweep(call: DriverCall, how: 'terminate' | 'kill'): Promise<void> {
    if (!this.#isNew(call)) return;
    const remains = remainsOf(this.#options.ownerId, call.run, this.#paths(call.run));
    const done = (survivors: readonly Survivor[]) => {
      this.#ports.runs.ended(call.run);
      this.#say(call, { type: 'run.swept', survivors });
    };
    this.#sweeper.sweep({ runId: call.run.runId, how, remains, done });
  }

  async sight(run: RunRef): Promise<Sighting> {
    return sightRun(this.#paths(run), run.handle, this.#withWords);
  }

  async discard(run: RunRef): Promise<void> {
    this.#observations.get(run.runId)?.close();
    this.#observations.delete(run.runId);
    this.#sweeper.cancel(run.runId);
    this.#ports.discarded(run);
    await rm(this.#paths(run).directory, { recursive: true, force: true });
  }

  leave(): void {
    this.#leaves = true;
  }

  async tidy(openRuns: readonly RunId[], sparedUnits: readonly UnitId[], knownRuns: readonly RunId[]): Promise<void> {
    this.#ports.runs.found(openRuns, sparedUnits);
    // Both are listed now: what begins while the process table is read is nobody's remains.
    const ended = endOrphans(this.strays(openRuns, sparedUnits), this.#sweeper, this.#later, this.#options.log);
    await Promise.all([ended, deleteOtherRuns(this.#options.stateDir, new Set(knownRuns))]);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const observation of this.#observations.values()) observation.close();
    this.#observations.clear();
    for (const cancel of this.#timers) cancel();
    this.#patrol.close();
    this.#sweeper.close();
    await this.#questions.close();
    await this.#guardian.close(this.#leaves);
    await this.#launcher?.close();
  }

  async #start(call: DriverCall, paths: RunPaths, launch: () => Fork): Promise<void> {
    try {
      const launcher = launch();
      const observation = this.#observe({ call, paths, adopted: false, announced: false });
      await hearOut(launcher, observation.look, (failure) => {
        if (!observation.over && takeClaim(paths)) observation.conclude(failure);
      });
    } catch (error) {
      // Whoever looks at this run later must see that it never ran.
      takeClaim(paths);
      throw error;
    }
  }

  /** Finds out how a launch went, and makes sure that it will not happen any more if it has not happened yet. */
  #settle(call: DriverCall): void {
    const { run } = call;
    const [known, paths] = [this.#observations.get(run.runId), this.#paths(run)];
    if (run.handle === null && takeClaim(paths)) {
      if (known) known.conclude({ type: 'run.revoked' });
      else this.#say(call, { type: 'run.revoked' });
      return;
    }
    const observation = known ?? this.#observe({ call, paths, adopted: true, announced: false });
    observation.look();
    if (!observation.over && observation.identity === null) this.#say(call, silenceOf(paths));
  }

  #observe(run: ObservedRun): Observation {
    const [{ clock }, { runId }] = [this.#options, run.call.run];
    const observation = observeRun(run, {
      report: (said) => this.#report(said),
      wallMs: () => clock.wallMs(),
      withWords: this.#withWords,
      over: () => {
        this.#observations.delete(runId);
        this.#questions.withdraw(runId);
      },
      hurry: () => this.#patrol.hurry(),
    });
    this.#observations.set(runId, observation);
    this.#patrol.hurry();
    // What happened before the watch began gives no event.
    clock.defer(observation.look);
    return observation;
  }

  #say(call: DriverCall, news: News): void {
    const { unitId, generation } = call.run;
    this.#report({ unitId, cause: call.seq, fact: { ...news, generation } as Fact });
  }
}
