import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  diff,
  evaluate,
  exportTrace,
  importTrace,
  job,
  keptTraces,
  openTrace,
  replay,
  server,
  type Trace,
  verify,
  watch,
  why,
  writeTrace,
} from '../../src/index.ts';
import { opened } from '../support/opened.ts';
import { stateDirectory } from '../support/state-directory.ts';
import { story } from '../support/story.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { historyIn, linesOf, openedTrace, traceFile } from '../support/traces.ts';

const storyTrace = async (): Promise<Trace> => openedTrace(traceFile(linesOf(historyIn(await story()))));

async function gathered<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe('a state directory', () => {
  test('is a trace while its orchestrator is at work, and after it', async () => {
    const stateDir = stateDirectory();
    const reeve = await opened({ stateDir });
    await reeve.run(job({ id: 'build', command: ['sh', '-c', 'echo working; exit 3'] }));
    const live = await openedTrace(stateDir);
    const { seq } = why(live, { unit: 'build', state: 'reaped' }).links[0]!.entry;
    expect(await verify(live)).toMatchObject({ different: 0, untold: 0, first: null, entries: live.entryCount });
    expect(live.at(seq)).toMatchObject({ state: 'reaped.settled', unitId: 'build', spec: { kind: 'job' } });
    expect(await live.printed('build', seq)).toEqual({
      runId: live.at(seq)?.unit?.context.run && expect.any(String),
      text: 'working\n',
      upTo: 'then',
      truncated: false,
      sizeBytes: 8,
    });
    expect(await live.printed('build', 1)).toBeNull();
    await reeve.close();
    const later = await openedTrace(stateDir);
    expect([later.entryCount > live.entryCount, (await verify(later)).different]).toEqual([true, 0]);
  });

  test('is given by its orchestrator, as it was then, until that is closed', async () => {
    const reeve = await opened({ stateDir: stateDirectory() });
    await reeve.run(job({ id: 'build', command: ['true'] }));
    await using trace = await reeve.trace();
    const { entryCount } = trace;
    await reeve.unit('build').start();
    expect(await verify(trace)).toMatchObject({ entries: entryCount, same: entryCount });
    expect(trace.entryCount).toBe(entryCount);
    await using later = await reeve.trace();
    expect(later.entryCount).toBeGreaterThan(entryCount);
    await reeve.close();
    expect(later.entry(1)?.event.type).toBe('unit.added');
    await expect(reeve.trace()).rejects.toMatchObject({ code: 'Closed' });
  });

  test('tells what a running program had printed by then, where its lines say when they were', async () => {
    const stateDir = stateDirectory();
    const lines = '2001-01-01T00:00:00Z early\\n  and more\\n2999-01-01T00:00:00.5Z late\\n';
    const reeve = await opened({ stateDir });
    const stamped = server({ id: 'stamped', command: `printf '${lines}'; exec sleep 60`, stop: { grace: 100 } });
    const plain = server({ id: 'plain', command: 'echo hello; exec sleep 60', stop: { grace: 100 } });
    reeve.add(stamped, plain);
    await Promise.all([reeve.unit('stamped').start(), reeve.unit('plain').start()]);
    const waits = ['stamped', 'plain'].map((id) => gathered1(reeve.unit(id).follow({ fromByte: 0 })));
    await Promise.all(waits);
    const trace = await openedTrace(stateDir);
    expect(await trace.printed('stamped', trace.lastSeq)).toMatchObject({
      text: '2001-01-01T00:00:00Z early\n  and more\n',
      upTo: 'then',
    });
    expect(await trace.printed('plain', trace.lastSeq)).toMatchObject({ text: 'hello\n', upTo: 'later' });
  });
});

/** The first of what there is. */
async function gathered1<T>(items: AsyncIterable<T>): Promise<T | undefined> {
  for await (const item of items) return item;
  return undefined;
}

describe('replay', () => {
  test('gives every entry once, with what was before and after it, and verifies on demand', async () => {
    const trace = await storyTrace();
    const steps = await gathered(replay(trace, { verify: true }));
    expect(steps.map(({ entry }) => entry.seq)).toEqual(Array.from({ length: trace.entryCount }, (_, at) => at + 1));
    for (const { entry, before, after, checked } of steps) {
      expect([entry.seq, after?.value, checked]).toEqual([entry.seq, entry.value, { is: 'same' }]);
      if (entry.event.type !== 'unit.added') expect(before?.aseq).toBe(entry.aseq - 1);
    }
  });

  test('of a piece begins with the states that it follows on', async () => {
    const trace = await storyTrace();
    const whole = await gathered(replay(trace));
    const piece = await gathered(replay(trace, { from: 100, to: 120 }));
    expect(piece).toEqual(whole.slice(99, 120));
    const own = await gathered(replay(trace, { from: 100, to: 120, unit: 'flaky' }));
    expect(own).toEqual(piece.filter(({ entry }) => entry.unitId === 'flaky'));
  });

  test('ends when its signal says so', async () => {
    const trace = await storyTrace();
    const seen: number[] = [];
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(async () => {
      for await (const { entry } of replay(trace, { signal })) seen.push(entry.seq);
    }).rejects.toThrow('enough');
    expect(seen).toEqual([]);
  });
});

describe('a look at a history', () => {
  test('finds a moment by its time, and any other unit at that moment', async () => {
    const trace = await storyTrace();
    const entry = trace.entry(77)!;
    const last = (await gathered(trace.entries())).findLast(({ atMs }) => atMs <= entry.atMs)!;
    expect(trace.at({ atMs: entry.atMs })?.seq).toBe(last.seq);
    expect(trace.at({ atMs: 0 })).toBeNull();
    expect(trace.at(77, 'db')).toMatchObject({ seq: 77, unitId: 'db', unit: { unitId: 'db' } });
    expect(trace.at(1_000_000)?.seq).toBe(trace.lastSeq);
  });

  test('says what changed between two points, and nothing where nothing did', async () => {
    const trace = await storyTrace();
    const changes = diff(trace, 16, 40, 'db');
    const [from, to] = [trace.at(16, 'db')!.unit!, trace.at(40, 'db')!.unit!];
    expect(changes).toMatchObject([{ unitId: 'db', from: 16, to: 40 }]);
    expect(changes[0]?.differences.map(({ path }) => path)).toContain('value');
    expect([from.value, to.value]).not.toEqual([to.value, from.value]);
    expect(diff(trace, 40, 40)).toEqual([]);
  });

  test('finds every entry that changed a value, with its cause', async () => {
    const trace = await storyTrace();
    const changes = await gathered(watch(trace, 'restarts', { unit: 'flaky' }));
    for (const [index, { before, after }] of changes.entries()) {
      if (index > 0) expect(before).toBe(changes[index - 1]?.after);
      expect(before).not.toBe(after);
    }
    const rising = changes.filter(({ before = 0, after = 0 }) => Number(after) > Number(before));
    expect(rising.length).toBeGreaterThan(3);
    expect(new Set(rising.map(({ entry }) => entry.event.type))).toEqual(new Set(['run.swept']));
    const states = await gathered(watch(trace, 'value', { unit: 'db', to: 40 }));
    expect(states[0]).toMatchObject({ before: undefined, after: { reaped: 'settled' }, cause: null });
  });

  test('evaluates an expression as a column, and says what is wrong with one', async () => {
    const trace = await storyTrace();
    const column = await gathered(evaluate(trace, 'event.type & " " & state', { unit: 'build', to: 40 }));
    expect(column.slice(0, 2).map(({ value }) => value)).toEqual([
      'unit.added reaped.settled',
      'start.requested spawning.launching',
    ]);
    const nothing = await gathered(evaluate(trace, 'nowhere.at.all', { to: 3 }));
    expect(nothing.map(({ value }) => value)).toEqual([undefined, undefined, undefined]);
    await expect(gathered(evaluate(trace, '1 +'))).rejects.toMatchObject({ code: 'BadExpression' });
    // The language can loop. It is not let.
    await expect(gathered(evaluate(trace, '($f := function() { $f() }; $f())'))).rejects.toMatchObject({
      code: 'BadExpression',
    });
    await expect(gathered(evaluate(trace, '$sum([1..1000000])'))).rejects.toMatchObject({ code: 'BadExpression' });
  });

  test('tells why, back to the wish or the fact that began it', async () => {
    const trace = await storyTrace();
    const told = (seq: number): readonly string[] => why(trace, seq).links.map(({ sentence }) => sentence);
    expect(told(11)).toEqual([
      '"build" was asked by up to start: from reaped.settled to spawning.launching ' +
        '(it is launched, launch in 15000 ms).',
      expect.stringMatching(/^The supervisor was asked to start everything \("db" is told, /),
    ]);
    const launched = why(trace, { unit: 'db', state: 'waiting-health' });
    expect([launched.began, launched.links.at(-1)?.entry.event.type]).toEqual([
      'wish',
      expect.stringMatching(/requested|observed/),
    ]);
    expect(() => why(trace, 999_999)).toThrow('no entry 999999');
    expect(() => why(trace, { unit: 'db', state: 'nowhere' })).toThrow('"db" never came into the state "nowhere"');
  });

  test('of a piece says where the causes go beyond it', async () => {
    const history = historyIn(await story());
    const trace = await openedTrace(traceFile(linesOf(history, { fromSeq: 11 })));
    expect(why(trace, 11)).toMatchObject({ began: 'before-history', links: [{ entry: { seq: 11 } }] });
  });
});

describe('an exported trace', () => {
  test('of an incident is verified and shown as the whole is', async () => {
    const whole = await storyTrace();
    const path = join(temporaryDirectory(), 'incident.jsonl.gz');
    await writeTrace(whole, path, { around: { seq: 120, entries: 30 }, units: ['flaky', 'db'] });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await expect(writeTrace(whole, path)).rejects.toMatchObject({ code: 'EEXIST' });
    const piece = await openedTrace(path);
    expect([piece.firstSeq >= 90, piece.lastSeq <= 150, new Set(piece.units().map(({ id }) => id))]).toEqual([
      true,
      true,
      new Set(['', 'flaky', 'db']),
    ]);
    expect(await verify(piece)).toMatchObject({ different: 0, untold: 0, entries: piece.entryCount });
    for (const { entry, after } of await gathered(replay(piece))) {
      expect(after).toEqual(whole.at(entry.seq, entry.unitId)?.unit);
    }
    // What was left out is shown as the last that was not.
    expect(piece.at(piece.lastSeq + 5)?.seq).toBe(piece.lastSeq);
    expect(piece.at(piece.firstSeq - 1)).toBeNull();
    // A piece of a piece is one, too, and the same words give the same bytes.
    const again = await gathered(exportTrace(piece));
    expect(again).toEqual(await gathered(exportTrace(piece)));
    await expect(gathered(exportTrace(whole, { units: ['nobody'] }))).rejects.toThrow('no unit "nobody" in this trace');
  });

  test('by time begins and ends with it', async () => {
    const whole = await storyTrace();
    const [since, until] = [whole.entry(50)!.atMs, whole.entry(90)!.atMs];
    const times = (await gathered(exportTrace(whole, { sinceMs: since, untilMs: until })))
      .map((line) => JSON.parse(line))
      .filter((line) => 'aseq' in line)
      .map(({ atMs }) => atMs);
    expect([Math.min(...times), Math.max(...times)]).toEqual([since, until]);
  });

  test('holds no secret, and verifies without them', async () => {
    const stateDir = stateDirectory();
    process.env.REEVE_TEST_SECRET = 'correct-horse';
    const reeve = await opened({ stateDir });
    const environment = { set: { PLAIN: 'in-the-clear' }, secrets: { TOKEN: { env: 'REEVE_TEST_SECRET' } } };
    await reeve.run(job({ id: 'leaky', command: 'echo token $TOKEN; echo my own word', env: environment }));
    await reeve.close();
    const trace = await openedTrace(stateDir);
    const lines = await gathered(exportTrace(trace, { redact: (text) => text.replaceAll('leaky', 'REDACTED') }));
    delete process.env.REEVE_TEST_SECRET;
    const text = lines.join('');
    expect(
      ['correct-horse', 'in-the-clear', 'my own word', 'token [redacted]'].map((word) => text.includes(word)),
    ).toEqual([false, false, true, true]);
    const copy = await openedTrace(traceFile(lines));
    expect(await verify(copy)).toMatchObject({ different: 0, untold: 0, entries: trace.entryCount });
  });

  test('leaves the output of a unit behind whose secrets cannot be looked for', async () => {
    const stateDir = stateDirectory();
    process.env.REEVE_TEST_SECRET = 'correct-horse';
    const reeve = await opened({ stateDir });
    const env = { secrets: { TOKEN: { env: 'REEVE_TEST_SECRET' } } };
    await reeve.run(job({ id: 'leaky', command: 'echo $TOKEN', env }));
    await reeve.run(job({ id: 'plain', command: 'echo hello' }));
    delete process.env.REEVE_TEST_SECRET;
    const lines = await gathered(exportTrace(await openedTrace(stateDir)));
    const copy = await openedTrace(traceFile(lines));
    expect([await copy.printed('leaky', copy.lastSeq), (await copy.printed('plain', copy.lastSeq))?.text]).toEqual([
      null,
      'hello\n',
    ]);
    expect(lines.join('')).not.toContain('correct-horse');
  });

  test('keeps what its runs had printed', async () => {
    const stateDir = stateDirectory();
    const reeve = await opened({ stateDir });
    await reeve.run(job({ id: 'build', command: 'seq 1 1000' }));
    const path = join(temporaryDirectory(), 'build.jsonl');
    const trace = await openedTrace(stateDir);
    await writeTrace(trace, path, { outputBytes: 100 });
    const copy = await openedTrace(path);
    const printed = await copy.printed('build', copy.lastSeq);
    expect([printed?.text.endsWith('\n1000\n'), printed?.truncated, printed?.sizeBytes]).toEqual([true, true, 3893]);
  });

  test('is taken into a state directory as a trace, and never becomes units there', async () => {
    const [stateDir, path] = [stateDirectory(), join(temporaryDirectory(), 'story.jsonl')];
    await (await opened({ stateDir })).close();
    await writeTrace(await storyTrace(), path);
    const kept = await importTrace(path, stateDir);
    expect([keptTraces(stateDir), statSync(kept.path).mode & 0o777]).toEqual([[kept], 0o600]);
    expect(readFileSync(kept.path)).toEqual(readFileSync(path));
    await expect(importTrace(path, stateDir)).rejects.toThrow('was imported before');
    await expect(importTrace(traceFile(['{"reeve":"trace"}\n']), stateDir)).rejects.toMatchObject({
      code: 'NotATrace',
    });
    expect(keptTraces(stateDir)).toEqual([kept]);
    const reeve = await opened({ stateDir });
    expect(reeve.units()).toEqual([]);
  });
});

test('nothing is left open by a trace that cannot be opened', async () => {
  await expect(openTrace(traceFile(['{"reeve":"trace","format":1}\n']))).rejects.toMatchObject({ code: 'NotATrace' });
});
