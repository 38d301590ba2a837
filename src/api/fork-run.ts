import type { Arrival } from '../actors/arrivals.ts';
import type { Shared } from '../actors/remembered.ts';
import type { EventBody, SupervisorEventBody } from '../machines/events.ts';
import type { UnitView } from '../machines/supervision.ts';
import { SUPERVISOR } from '../machines/supervisor.ts';
import type { TimerName } from '../machines/vocabulary.ts';
import { isBirth } from '../store/replay/fold.ts';
import { type History, momentAt } from '../store/replay/history.ts';
import { Specs } from '../store/replay/specs.ts';
import type { Machines } from '../store/replay/verify.ts';
import { tells } from '../store/replay/why.ts';
import type { Entry, TimerRow } from '../store/rows.ts';
import type { ForkEdit } from './fork.ts';
import { Sandbox } from './sandbox.ts';

/** A recorded line, lived through once more. */
export class ForkRun {
  readonly #history: History;
  readonly #recorded: readonly Entry[];
  readonly #bySeq: ReadonlyMap<number, Entry>;
  readonly #sandbox: Sandbox;
  readonly #specs: Specs;
  readonly #sessions: readonly Session[];
  readonly #from: number;
  readonly #forked: Entry[] = [];
  readonly #unanswered: Entry[] = [];
  /** Which entry here a recorded one became. An entry before the line is itself. */
  readonly #here = new Map<number, Entry>();
  readonly #recordedSeqs = new Map<number, number>();
  /** Entries here that are nobody's counterpart yet, by what they follow from. */
  readonly #open = new Map<string, Entry[]>();
  /** Events on their way, and the entry that they are recorded as. */
  readonly #sources = new Map<unknown, Entry>();
  /** Timers of which it is recorded when they fired, by the entry that started them. */
  readonly #firings = new Set<string>();
  #batch: Arrival[] = [];

  constructor(history: History, recorded: readonly Entry[], machines: Machines) {
    this.#history = history;
    this.#recorded = recorded;
    this.#bySeq = new Map(recorded.map((entry) => [entry.seq, entry]));
    this.#specs = new Specs(history);
    this.#from = recorded[0]?.seq ?? 0;
    this.#sessions = sessionsIn(history);
    const shared = this.#sharedAt(this.#from);
    this.#sandbox = new Sandbox(this.#from, { machines, ...shared, onEntry: (entry) => this.#enter(entry) });
  }

  /** Whether an entry follows, in the same tick, from another one of this line. */
  isDerived({ cause, unitId, event }: Entry): boolean {
    const led = cause === null ? undefined : this.#bySeq.get(cause);
    if (!led) return false;
    return event.type === 'unit.changed' || led.commands.some((command) => tells(command, { unitId, event } as Entry));
  }

  run(edits: readonly ForkEdit[], runOnMs: number) {
    for (const unitId of this.#history.unitIds) {
      const moment = momentAt(this.#history, unitId, this.#from - 1);
      const entry = moment && this.#history.entry(moment.seq);
      const spec = entry ? this.#specs.of(entry, moment) : moment && this.#specOf(moment.context.epoch, unitId);
      if (moment) this.#sandbox.place(moment, spec ?? null);
    }
    const line = edited(this.#recorded, edits);
    for (const entry of line) if (isTimer(entry.event)) this.#firings.add(firingKey(entry));
    for (const entry of line) this.#live(entry);
    this.#flush();
    const endMs = (this.#recorded.at(-1)?.monoMs ?? 0) + runOnMs;
    if (runOnMs > 0) this.#fireDue(endMs + 1, () => true);
    const { faults, states } = this.#sandbox;
    return { forked: this.#forked, unanswered: this.#unanswered, faults, states };
  }

  /** The first session begins with the history. */
  readonly #sharedAt = (seq: number): Shared => this.#sessions.findLast(({ fromSeq }) => fromSeq <= seq)!;

  #specOf(epoch: unknown, unitId: string) {
    return typeof epoch === 'string' ? this.#specs.ofLife(unitId, epoch, this.#from) : null;
  }

  #live(entry: Entry): void {
    if (this.isDerived(entry)) {
      this.#flush();
      this.#match(entry);
      return;
    }
    this.#fireDue(entry.monoMs, (row) => !this.#isRecorded(row));
    if (isBirth(entry.event)) {
      this.#flush();
      this.#sources.set(entry.event, entry);
      if (entry.unitId === SUPERVISOR) this.#sandbox.registry.arrange(this.#sharedAt(entry.seq));
      this.#sandbox.bear(entry, this.#specs.of(entry, null));
    } else if (isTimer(entry.event)) this.#fireRecorded(entry);
    else if (this.#isAnswerToNothing(entry)) this.#unanswered.push(entry);
    else this.#arrive(entry, this.#bodyOf(entry), this.#causeHere(entry.cause));
  }

  #arrive(entry: Entry, body: Arrival['body'], cause: number | null): void {
    const { unitId, atMs, monoMs } = entry;
    // What came at another time came in another tick.
    if (this.#batch[0] && this.#batch[0].moment?.monoMs !== monoMs) this.#flush();
    if (!('make' in body)) this.#sources.set(body, entry);
    this.#batch.push({ unitId, body, cause, requestId: null, depth: 0, moment: { atMs, monoMs } });
  }

  #flush(): void {
    const batch = this.#batch;
    this.#batch = [];
    this.#sandbox.take(batch);
  }

  #enter(entry: Entry): void {
    this.#forked.push(entry);
    const source = this.#sources.get(entry.event);
    if (source) this.#pair(source, entry);
    if (entry.cause === null) return;
    const key = openKey(entry.cause, entry);
    const open = this.#open.get(key);
    if (open) open.push(entry);
    else this.#open.set(key, [entry]);
  }

  #match(entry: Entry): void {
    const here = this.#open.get(openKey(this.#causeHere(entry.cause), entry))?.shift();
    if (here) this.#pair(entry, here);
  }

  #pair(recorded: Entry, here: Entry): void {
    this.#here.set(recorded.seq, here);
    this.#recordedSeqs.set(here.seq, recorded.seq);
  }

  #causeHere(cause: number | null): number | null {
    if (cause === null || cause < this.#from) return cause;
    return this.#here.get(cause)?.seq ?? null;
  }

  /** The supervisor is told what is true in this line, not what was true in the other one. */
  #bodyOf(entry: Entry): Arrival['body'] {
    const { unitId, event } = entry;
    if (unitId !== SUPERVISOR || !('views' in event)) return event;
    const { registry } = this.#sandbox;
    const recorded = event as SupervisorEventBody;
    return {
      type: recorded.type,
      make: (snapshotOf) => {
        const actor = recorded.type === 'unit.changed' ? registry.get(recorded.unit) : undefined;
        const asked = new Set(recorded.views.map(({ id }) => id));
        const isAsked = ({ id }: UnitView): boolean => recorded.type === 'down.requested' || asked.has(id);
        const up = registry.countUp(snapshotOf);
        const made: SupervisorEventBody = actor
          ? registry.changeOf(actor, snapshotOf, up)
          : { ...recorded, up, views: registry.views(snapshotOf).filter(isAsked) };
        this.#sources.set(made, entry);
        return made;
      },
    };
  }

  /** A fact that answers a command which is not given here. */
  #isAnswerToNothing({ cause }: Entry): boolean {
    const asked = cause === null ? undefined : this.#bySeq.get(cause);
    if (!asked || asked.commands.length === 0) return false;
    if (!this.#here.has(asked.seq)) this.#flush();
    const here = this.#here.get(asked.seq);
    const given = new Set(here?.commands.map(({ type }) => type));
    return !asked.commands.some(({ type }) => given.has(type));
  }

  #fireRecorded(entry: Entry): void {
    this.#firings.delete(firingKey(entry));
    if (this.#causeHere(entry.cause) === null) this.#flush();
    // If it was not started in this line, or not that time, it is as stale as any other.
    const cause = this.#causeHere(entry.cause);
    if (cause !== null) this.#arrive(entry, entry.event, cause);
  }

  #fireDue(beforeMonoMs: number, mayFire: (row: TimerRow) => boolean): void {
    for (;;) {
      const first = this.#sandbox.firstDue(beforeMonoMs, mayFire);
      if (!first) return;
      this.#flush();
      // What was waiting may have stopped it.
      if (this.#sandbox.armed(first.unitId, first.timer) !== first) continue;
      const { unitId, timer, seq, dueMonoMs, dueWallMs } = first;
      const moment = { atMs: dueWallMs, monoMs: dueMonoMs };
      this.#sandbox.take([{ unitId, body: { type: `timer.${timer}` }, cause: seq, requestId: null, depth: 0, moment }]);
    }
  }

  /** It is recorded when this one fired: it does so then, and not a moment earlier. */
  #isRecorded({ unitId, timer, seq }: TimerRow): boolean {
    if (seq < this.#from) return this.#firings.has(`${unitId} ${timer} ${seq}`);
    return this.#firings.has(`${unitId} ${timer} ${this.#recordedSeqs.get(seq)}`);
  }
}

const isTimer = ({ type }: EventBody): boolean => type.startsWith('timer.');
const timerOf = ({ type }: EventBody): TimerName => type.slice('timer.'.length) as TimerName;
const firingKey = ({ unitId, event, cause }: Entry): string => `${unitId} ${timerOf(event)} ${cause}`;
const openKey = (cause: number | null, { unitId, event }: Entry): string => `${cause} ${unitId} ${event.type}`;

/** The line with its edits: each at its place, in the order in which they are given. */
function edited(recorded: readonly Entry[], edits: readonly ForkEdit[]): readonly Entry[] {
  const line = [...recorded];
  for (const edit of edits) {
    const at = line.findIndex(({ seq }) => seq === edit.seq);
    const entry = line[at];
    if (!entry) continue;
    if ('drop' in edit) line.splice(at, 1);
    else if ('event' in edit) line[at] = { ...entry, event: edit.event as unknown as EventBody };
    else if ('insert' in edit) line.splice(at, 0, inserted(entry, edit.insert));
    else {
      line.splice(at, 1);
      const place = line.findIndex(({ seq }) => seq === edit.moveTo);
      const { atMs, monoMs } = line[place] ?? entry;
      line.splice(place < 0 ? line.length : place, 0, { ...entry, atMs, monoMs });
    }
  }
  return line;
}

/** Has no `seq` that anything recorded could mean. */
const inserted = (before: Entry, { unit, event }: Extract<ForkEdit, { insert: unknown }>['insert']): Entry => ({
  ...before,
  seq: Number.NaN,
  unitId: unit,
  cause: null,
  commands: [],
  event: event as unknown as EventBody,
});

/** How groups shared their fate, and how much room queues had, while one orchestrator was at work. */
interface Session {
  readonly fromSeq: number;
  readonly groups: Record<string, Shared['groups'][string]>;
  readonly queues: Record<string, Shared['queues'][string]>;
}

/** Nobody writes that down, but in what the supervisor has seen of it. */
function sessionsIn(history: History): readonly Session[] {
  const sessions: Session[] = [{ fromSeq: 0, groups: {}, queues: {} }];
  for (const { seq, event } of history.entries({ unitId: SUPERVISOR })) {
    if (isBirth(event)) sessions.push({ fromSeq: seq, groups: {}, queues: {} });
    if (!('views' in event)) continue;
    const { groups, queues } = sessions.at(-1)!;
    for (const { group, strategy } of event.views) if (group !== null) groups[group] = { strategy };
    if ('queue' in event && event.queue) queues[event.queue.name] = { concurrency: event.queue.concurrency };
  }
  return sessions;
}
