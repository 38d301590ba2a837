import { afterEach, describe, expect, test } from 'vitest';
import { candidates, portChoice } from '../../../src/adapters/process/port-choice.ts';
import { canBind } from '../../../src/adapters/process/port-clearing.ts';
import { isAlive } from '../../../src/adapters/system/identity.ts';
import { sendSignal } from '../../../src/adapters/system/signal.ts';
import { portOf } from '../../../src/machines/port.ts';
import { strangerOn } from '../../support/ports.ts';
import { eventually } from '../../support/waiting.ts';
import { again, closeRigs, openRig, type Rig } from './rig.ts';

afterEach(closeRigs);

const LISTENS = 'require("net").createServer().listen(process.env.PORT, () => console.log("on " + process.env.PORT))';
const unit = { kind: 'server', command: ['node', '-e', LISTENS], port: 'auto' } as const;

/** A driver that knows of no runs of an earlier orchestrator. */
async function openTidyRig(): Promise<Rig> {
  const rig = await openRig();
  await rig.driver.tidy([], [], []);
  return rig;
}

const runOfUnit = async (rig: Rig, id: string, generation: number) => {
  const call = rig.call(unit, { runId: `${id}.${generation}`, generation });
  await rig.driver.launch(call);
  const { handle } = await rig.fact('run.launched', call);
  return { call: again(call, handle), port: portOf(call.spec, handle) };
};

async function endOf(rig: Rig, call: Awaited<ReturnType<typeof runOfUnit>>['call']): Promise<void> {
  await rig.driver.endRun(call, 'kill');
  await rig.over(call);
  await rig.driver.sweep(again(call), 'kill');
  await rig.fact('run.swept', call);
}

describe('with port: auto', () => {
  test('a command is told where to listen, and whoever finds the run later knows it', async () => {
    const rig = await openTidyRig();
    const { call, port } = await runOfUnit(rig, 'web', 1);
    const printed = rig.driver.outputs.follow(call.run.runId, { fromByte: 0 })[Symbol.asyncIterator]();
    expect(await printed.next()).toEqual({ done: false, value: `on ${port}\n` });
    await printed.return?.();
    const later = await rig.reopen();
    const seen = await later.driver.sight({ ...call.run, handle: null });
    expect(seen.is === 'alive' && portOf(call.spec, seen.handle)).toBe(port);
    expect(candidates(rig.ownerId, 'web')).toContain(port);
  });

  test('the next run has the port of the last one, also where a better one has come free', async () => {
    const rig = await openTidyRig();
    const [best = 0, next] = candidates(rig.ownerId, 'web');
    const stranger = await strangerOn(best);
    const first = await runOfUnit(rig, 'web', 1);
    await endOf(rig, first.call);
    sendSignal(stranger, 'SIGKILL');
    expect(await eventually(() => canBind(best), Boolean)).toBe(true);
    const second = await runOfUnit(rig, 'web', 2);
    expect([first.port, second.port]).toEqual([next, next]);
  });

  test('so it has after a restart of ours, though nobody here has seen the last one', async () => {
    const rig = await openTidyRig();
    const [best = 0, next] = candidates(rig.ownerId, 'web');
    const stranger = await strangerOn(best);
    const first = await runOfUnit(rig, 'web', 1);
    await endOf(rig, first.call);
    sendSignal(stranger, 'SIGKILL');
    expect(await eventually(() => canBind(best), Boolean)).toBe(true);
    const later = await rig.reopen();
    await later.driver.tidy([], [], [first.call.run.runId]);
    // The second one was ordered, and never begun.
    const third = await runOfUnit(later, 'web', 3);
    expect([first.port, third.port]).toEqual([next, next]);
  });

  test('a stranger keeps the port that the unit would have had, and the unit gets another one', async () => {
    const rig = await openTidyRig();
    const [wanted = 0] = candidates(rig.ownerId, 'web');
    const stranger = await strangerOn(wanted);
    const { port } = await runOfUnit(rig, 'web', 1);
    expect(port).not.toBe(wanted);
    expect(candidates(rig.ownerId, 'web')).toContain(port);
    expect(isAlive(stranger)).toBe(true);
  });

  test('a question about the unit is told the port as well', async () => {
    const rig = await openTidyRig();
    const { call, port } = await runOfUnit(rig, 'web', 1);
    const bounds = { timeoutMs: 5_000, signal: new AbortController().signal };
    const said = await rig.driver.exec({ unit: call.spec, port, command: 'echo "$PORT"', ...bounds });
    expect(said.tail.trim()).toBe(String(port));
  });
});

describe('whoever chooses ports', () => {
  const choosing = (taken: readonly number[] = []) =>
    portChoice({ ownerId: 'o', isFree: async (port) => !taken.includes(port) });

  test('gives no two units the same, also when both ask at once', async () => {
    const units = Array.from({ length: 300 }, (_, index) => `unit-${index}`);
    const choice = choosing();
    const ports = await Promise.all(units.map((id) => choice.choose(id)));
    expect(new Set(ports).size).toBe(300);
    expect(ports.filter((port) => port < 20_000 || port >= 32_768)).toEqual([]);
  });

  test('begins with what a run has that it did not launch, and forgets a unit that is gone', async () => {
    const choice = choosing();
    choice.remember('web', 4_711);
    const kept = await choice.choose('web');
    choice.forget('web');
    expect([kept, await choice.choose('web')]).toEqual([4_711, candidates('o', 'web')[0]]);
  });

  test('asks the system where all that it likes is taken', async () => {
    const liked = candidates('o', 'web');
    const port = await choosing(liked).choose('web');
    expect(port > 0 && !liked.includes(port)).toBe(true);
  });
});
