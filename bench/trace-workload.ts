import { closeSync, openSync, writeSync } from 'node:fs';
import { definitionHash } from '../src/machines/definition.ts';
import { EVENT_SCHEMA, type JournaledEvent } from '../src/machines/events.ts';
import { serverMachine } from '../src/machines/life.ts';
import { createStepper, stateHash } from '../src/machines/step.ts';
import { TRACE_FORMAT } from '../src/store/replay/format.ts';
import type { History } from '../src/store/replay/history.ts';
import { recordedSpec } from '../src/store/replay/recorded-spec.ts';
import { traceLines } from '../src/store/replay/trace-lines.ts';
import type { Entry } from '../src/store/rows.ts';
import { benchServer, lifeOf } from './workload.ts';

const VERSION = Number(serverMachine.version);
const DEFINITION = definitionHash(serverMachine);

/** Writes a trace of so many entries: servers that live, one life after the other, all at once. */
export function writeBenchTrace(path: string, entryCount: number, unitCount: number): void {
  const file = openSync(path, 'w', 0o600);
  const history = livedHistory(entryCount, unitCount);
  const selection = { units: null, fromSeq: 1, throughSeq: entryCount, outputs: [], redact: null };
  let pieces: string[] = [];
  for (const line of traceLines(history, selection)) {
    pieces.push(line);
    if (pieces.length < 1_000) continue;
    writeSync(file, pieces.join(''));
    pieces = [];
  }
  writeSync(file, pieces.join(''));
  closeSync(file);
}

function livedHistory(entryCount: number, unitCount: number): History {
  return {
    header: {
      reeve: 'trace',
      format: TRACE_FORMAT,
      eventSchema: EVENT_SCHEMA,
      version: '0',
      project: 'bench',
      exportedMs: 0,
      filter: { units: null, fromSeq: 1, throughSeq: entryCount },
      machines: [],
      specs: {},
    },
    unitIds: [],
    entryCount,
    firstSeq: 1,
    lastSeq: entryCount,
    faults: [],
    // It is read once, from its beginning: whoever asks for a single unit asks for what was before that.
    entries: ({ unitId } = {}) => (unitId === undefined ? entriesOf(entryCount, unitCount) : []),
    entry: () => null,
    seqThrough: (seq) => seq,
    seqAt: () => 0,
    base: () => null,
    outputs: () => [],
    close() {},
  };
}

function* entriesOf(entryCount: number, unitCount: number): Generator<Entry> {
  const units = Array.from({ length: unitCount }, (_, index) => newUnit(`unit-${index}`));
  for (let seq = 1; seq <= entryCount; seq++) yield units[seq % unitCount]!(seq);
}

function newUnit(id: string): (seq: number) => Entry {
  const input = { id, epoch: `e-${id}-`, spec: benchServer(id) };
  const stepper = createStepper(serverMachine, input);
  let state = stepper.begin(input).next;
  let aseq = 0;
  let generation = 0;
  let events: readonly object[] = [];
  return (seq) => {
    const moment = { atMs: 1_900_000_000_000 + seq, monoMs: seq };
    const code = { version: VERSION, definition: DEFINITION };
    if (++aseq === 1) {
      const { spec, ...patch } = JSON.parse(JSON.stringify(state.context));
      const event = { type: 'unit.added', kind: 'server', epoch: input.epoch, spec: recordedSpec(spec) } as const;
      const hash = stateHash(state.value, state.context);
      const entry = { seq, unitId: id, aseq, ...moment, cause: null, event, value: state.value, patch, commands: [] };
      return { ...entry, ...code, stateHash: hash };
    }
    if (events.length === 0) events = lifeOf(++generation);
    const [event, ...rest] = events as readonly [Entry['event'], ...object[]];
    events = rest;
    const { next, patch, commands } = stepper.step(state, { ...event, ...moment, seq } as JournaledEvent);
    state = next;
    const entry = { seq, unitId: id, aseq, ...moment, cause: null, event, value: next.value, patch, commands };
    return { ...entry, ...code, stateHash: stateHash(next.value, next.context) };
  };
}
