import type { Clock, Log, ProbeCall, Reporter } from '../../actors/ports.ts';
import type { RunRef } from '../../machines/commands.ts';
import { problemOf } from '../../machines/errors.ts';
import type { RunId } from '../../machines/vocabulary.ts';
import { gapDetector } from './gap.ts';
import { type IdleJudge, idleJudge, lookEveryMs } from './idle-judge.ts';
import type { RunView } from './run-view.ts';

export type IdleCall = Extract<ProbeCall, { readonly probe: 'idle' }>;

/** The last thing that a run was seen to do, for people. */
export interface Activity {
  /** By the wall. */
  readonly atMs: number;
  readonly text: string;
}

/** Watches whether runs work. Says when one seems not to any more, and when it does again; nothing in between. */
export interface ActivityWatch {
  start(call: IdleCall): void;
  stop(run: Pick<RunRef, 'runId'>): void;
  /** It says so itself. */
  beat(runId: RunId, text: string): void;
  /** `null`: nobody watches it, or it was not seen to do anything yet. */
  activityOf(runId: RunId): Activity | null;
  close(): void;
}

export interface ActivityPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly view: RunView;
  readonly report: Reporter;
}

interface Watched {
  readonly call: IdleCall;
  readonly judge: IdleJudge;
  readonly everyMs: number;
  dueMs: number;
  printedBytes: number;
  saidBytes: number;
  /** Since when it can have been idle, by the wall. */
  seenMs: number;
  last: Activity | null;
}

/** One timer and one look for all runs that are watched, and none while there are none. */
export const watchActivity = (ports: ActivityPorts): ActivityWatch => new Watch(ports);

class Watch implements ActivityWatch {
  readonly #ports: ActivityPorts;
  readonly #watched = new Map<RunId, Watched>();
  #cancel = () => {};
  #isLooking = false;

  constructor(ports: ActivityPorts) {
    this.#ports = ports;
  }

  start(call: IdleCall): void {
    const { clock, view } = this.#ports;
    const { runId } = call.run;
    const known = this.#watched.get(runId);
    if (known?.call.key === call.key) return;
    const nowMs = clock.monoMs();
    const everyMs = lookEveryMs(call.spec.after);
    const judge = idleJudge(call.spec.after, nowMs, call.isIdle);
    const [seenMs, dueMs, last] = [clock.wallMs(), nextDueMs(everyMs, nowMs), known?.last ?? null];
    const [printedBytes, saidBytes] = [view.printedBytes(runId), view.saidBytes(runId)];
    this.#watched.set(runId, { call, judge, everyMs, dueMs, printedBytes, saidBytes, seenMs, last });
    this.#arm();
  }

  stop({ runId }: Pick<RunRef, 'runId'>): void {
    this.#watched.delete(runId);
    this.#arm();
  }

  beat(runId: RunId, text: string): void {
    const one = this.#watched.get(runId);
    if (one?.call.spec.activity.includes('heartbeat')) this.#works(one, text);
  }

  activityOf(runId: RunId): Activity | null {
    return this.#watched.get(runId)?.last ?? null;
  }

  close(): void {
    this.#watched.clear();
    this.#cancel();
  }

  #arm(): void {
    const { clock } = this.#ports;
    this.#cancel();
    if (this.#isLooking || this.#watched.size === 0) return;
    const nextMs = [...this.#watched.values()].reduce((ms, { dueMs }) => Math.min(ms, dueMs), Number.POSITIVE_INFINITY);
    const waitMs = Math.max(0, nextMs - clock.monoMs());
    const hasGap = gapDetector(clock, waitMs);
    this.#cancel = clock.setTimer(waitMs, () => void this.#look(hasGap()));
  }

  async #look(isAfterGap: boolean): Promise<void> {
    this.#isLooking = true;
    try {
      if (isAfterGap) this.#pardonAll();
      await this.#judgeDue(this.#ports.clock.monoMs());
    } catch (cause) {
      this.#ports.log.error({ cause }, `Nobody could look whether runs work: ${problemOf(cause).message}`);
    } finally {
      this.#isLooking = false;
      this.#arm();
    }
  }

  /** Nobody looked while the machine slept, and nobody worked. */
  #pardonAll(): void {
    const { clock } = this.#ports;
    for (const one of this.#watched.values()) {
      one.judge.pardon(clock.monoMs());
      one.seenMs = clock.wallMs();
    }
  }

  async #judgeDue(nowMs: number): Promise<void> {
    const { clock, view } = this.#ports;
    const due = [...this.#watched.values()].filter(({ dueMs }) => dueMs <= nowMs);
    for (const one of due) one.dueMs = nextDueMs(one.everyMs, nowMs);
    const silent = due.filter((one) => !this.#hasWritten(one));
    const known = silent.filter(({ call }) => call.spec.activity.includes('cpu') && call.run.handle?.identity);
    const users = known.length > 0 ? await view.cpuUsers(known.map(({ call }) => call.run)) : new Map<RunId, string>();
    for (const one of silent) {
      const { runId } = one.call.run;
      const user = users.get(runId);
      if (this.#watched.get(runId) !== one) continue;
      if (user !== undefined) this.#works(one, user);
      else if (one.judge.rests(clock.monoMs())) this.#say(one, { type: 'activity.ceased', sinceMs: one.seenMs });
    }
  }

  /** A message to us is a heartbeat, whatever it says. */
  #hasWritten(one: Watched): boolean {
    const { view } = this.#ports;
    const { run, spec } = one.call;
    const before = { ...one };
    if (spec.activity.includes('output')) one.printedBytes = view.printedBytes(run.runId);
    if (spec.activity.includes('heartbeat')) one.saidBytes = view.saidBytes(run.runId);
    const more = one.printedBytes - before.printedBytes;
    if (more > 0) this.#works(one, `printed ${more} bytes`);
    else if (one.saidBytes > before.saidBytes) this.#works(one, 'said that it works');
    else return false;
    return true;
  }

  #works(one: Watched, text: string): void {
    const { clock } = this.#ports;
    one.seenMs = clock.wallMs();
    one.last = { atMs: one.seenMs, text };
    if (one.judge.works(clock.monoMs())) this.#say(one, { type: 'activity.resumed', text });
  }

  #say({ call }: Watched, news: News): void {
    const { unitId, generation } = call.run;
    this.#ports.report({ unitId, cause: call.seq, fact: { ...news, generation } });
  }
}

type News =
  | { readonly type: 'activity.ceased'; readonly sinceMs: number }
  | { readonly type: 'activity.resumed'; readonly text: string };

/** The next whole multiple: all who look as often look together. */
const nextDueMs = (everyMs: number, nowMs: number): number => (Math.floor(nowMs / everyMs) + 1) * everyMs;
