import type { Command } from '../../src/machines/commands.ts';
import type { EventBody } from '../../src/machines/events.ts';
import type { Entry, Tick } from '../../src/store/rows.ts';

interface Arming {
  readonly seq: number;
  readonly monoMs: number;
  readonly ms: number;
  readonly bootId: string;
}

/** An answer that was given, and the generation its unit had then. */
export interface Yes {
  readonly entry: Entry;
  readonly type: string;
  readonly generation: number;
}

/** Reads every tick as it is committed, and says what no journal may hold. */
export class JournalWatch {
  readonly faults: string[] = [];
  entries = 0;
  /** Every kind of event and of outcome that was recorded. */
  readonly seen = new Set<string>();
  #seq = 0;
  readonly #aseqs = new Map<string, number>();
  readonly #asked = new Map<string, string>();
  readonly #answered = new Set<string>();
  readonly #ended = new Set<string>();
  readonly #armed = new Map<string, Arming>();
  readonly #generations = new Map<string, number>();
  readonly #onYes: (yes: Yes) => void;

  constructor(onYes: (yes: Yes) => void) {
    this.#onYes = onYes;
  }

  read({ entries, runsEnded }: Tick, bootId: string): void {
    for (const entry of entries) {
      this.entries++;
      this.seen.add(entry.event.type);
      this.#count(entry);
      if (entry.event.type.startsWith('timer.')) this.#checkDue(entry, entry.event, bootId);
      if ('requestId' in entry.event && entry.event.requestId !== null) {
        this.#asked.set(entry.event.requestId, entry.event.type);
      }
      for (const command of entry.commands) this.#command(entry, command, bootId);
    }
    const said = entries.flatMap(({ commands }) => commands.filter(({ type }) => type === 'recordOutcome'));
    if (said.length !== runsEnded.length) {
      this.faults.push(`a tick tells of ${said.length} outcomes and stores ${runsEnded.length} (I12)`);
    }
  }

  /** No gap, nothing twice, and nothing before its cause. */
  #count({ seq, aseq, unitId, cause, patch }: Entry): void {
    if (seq !== this.#seq + 1) this.faults.push(`entry ${seq} follows entry ${this.#seq}`);
    const last = this.#aseqs.get(unitId) ?? 0;
    if (aseq !== last + 1) this.faults.push(`entry ${seq} is number ${aseq} of "${unitId}", after number ${last}`);
    if (cause !== null && cause >= seq) this.faults.push(`entry ${seq} was caused by entry ${cause}`);
    if (typeof patch.generation === 'number') this.#generations.set(unitId, patch.generation);
    this.#seq = seq;
    this.#aseqs.set(unitId, aseq);
  }

  /** Nothing fires early (I4). After a reboot only the wall clock knows, which may have been set. */
  #checkDue({ unitId, seq, monoMs, cause }: Entry, { type }: EventBody, bootId: string): void {
    const arming = this.#armed.get(`${unitId} ${type.slice('timer.'.length)}`);
    if (!arming || arming.seq !== cause || arming.bootId !== bootId) return;
    const earlyMs = arming.ms - (monoMs - arming.monoMs);
    if (earlyMs > 0) this.faults.push(`entry ${seq}: ${type} of "${unitId}" fired ${earlyMs} ms early (I4)`);
  }

  #command(entry: Entry, command: Command, bootId: string): void {
    const { seq, unitId, monoMs } = entry;
    if (command.type === 'startTimer') {
      const { timer, ms } = command.params;
      this.#armed.set(`${unitId} ${timer}`, { seq, monoMs, ms, bootId });
    } else if (command.type === 'recordOutcome') {
      const { runId, outcome } = command.params;
      this.seen.add(outcome.kind);
      if (this.#ended.has(runId)) this.faults.push(`entry ${seq}: run ${runId} has a second outcome (I3)`);
      this.#ended.add(runId);
    } else if (command.type === 'reply') {
      this.#reply(entry, command.params.requestId, command.params.problem === null);
    }
  }

  #reply(entry: Entry, requestId: string, isYes: boolean): void {
    const type = this.#asked.get(requestId);
    if (type === undefined) this.faults.push(`entry ${entry.seq} answers ${requestId}, which nobody asked (I6)`);
    if (this.#answered.has(requestId)) this.faults.push(`entry ${entry.seq} answers ${requestId} again (I6)`);
    this.#answered.add(requestId);
    if (isYes && type) this.#onYes({ entry, type, generation: this.#generations.get(entry.unitId) ?? 0 });
  }
}
