import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import type { DriverCall } from '../../../src/actors/ports.ts';
import { socketsOn, withHolders } from '../../../src/adapters/process/listeners.ts';
import { openRuns } from '../../../src/adapters/process/open-runs.ts';
import { clearPort } from '../../../src/adapters/process/port-clearing.ts';
import { PortInUse } from '../../../src/adapters/process/port-in-use.ts';
import type { Obstacle } from '../../../src/adapters/process/port-obstacle.ts';
import { simulatedClock } from '../../../src/adapters/simulation/clock.ts';
import { identityOf, isAlive } from '../../../src/adapters/system/identity.ts';
import { readProcessTable } from '../../../src/adapters/system/process-table.ts';
import { sendSignal } from '../../../src/adapters/system/signal.ts';
import type { ProcessIdentity } from '../../../src/machines/vocabulary.ts';
import { freePort, listening, strangerOn } from '../../support/ports.ts';
import { again, closeRigs, openRig, type Rig } from './rig.ts';

afterEach(closeRigs);

/** A driver that knows of no runs of an earlier orchestrator. */
async function openTidyRig(): Promise<Rig> {
  const rig = await openRig();
  await rig.driver.tidy([], [], []);
  return rig;
}

/** Who listens on a port, as soon as somebody does. */
async function holderOf(port: number): Promise<ProcessIdentity> {
  await expect.poll(() => socketsOn(port), { timeout: 5_000 }).toHaveLength(1);
  const [listener] = withHolders(await socketsOn(port), readProcessTable());
  return identityOf(listener!.holders[0]!);
}

const serverOn = (port: number) => ({ kind: 'server', command: ['node', '-e', listening(port)], port });

async function problemOf(rig: Rig, call: DriverCall) {
  await rig.driver.launch(call);
  const { problem, resource } = await rig.fact('run.launch-failed', call);
  return { ...problem, resource };
}

/** Something that listens, left behind by a run whose unit is forgotten: nothing of it is to be there any more. */
async function leftOn(port: number, rig: Rig, trap = ''): Promise<ProcessIdentity> {
  const { call } = await rig.run({ command: `setsid node -e '${trap}; ${listening(port)}' & sleep 0` });
  const orphan = await holderOf(port);
  await rig.driver.discard(call.run);
  return orphan;
}

describe('before a launch', () => {
  test('a port that a stranger listens on is refused in words, and the stranger gets no signal', async () => {
    const rig = await openTidyRig();
    const port = await freePort();
    const stranger = await strangerOn(port);
    expect(await problemOf(rig, rig.call(serverOn(port)))).toEqual({
      code: 'PortInUse',
      message: expect.stringMatching(
        new RegExp(`^Cannot use port ${port}: ${stranger.pid} \\(\\S+ -e .+…\\) of user ${process.getuid?.()} listens`),
      ),
      hint: 'Stop it, or give the unit another port.',
      resource: false,
    });
    expect(isAlive(stranger)).toBe(true);
  });

  test.each([
    ['', (port: number) => serverOn(port).command],
    [', or of what is descended from it,', (port: number) => `env -i "$(which node)" -e '${listening(port)}'; true`],
  ])('a port of another unit%s is refused with the name of that unit, which runs on', async (_, command) => {
    const rig = await openTidyRig();
    const port = await freePort();
    const { call } = await rig.launch({ command: command(port) });
    const holder = await holderOf(port);
    onTestFinished(() => void sendSignal(holder, 'SIGKILL'));
    const { unitId } = call.run;
    expect(await problemOf(rig, rig.call(serverOn(port)))).toEqual({
      code: 'PortInUse',
      message: expect.stringMatching(new RegExp(`: ${holder.pid} \\(\\S+ -e .+ of unit ${unitId} listens there\\.$`)),
      hint: `Stop ${unitId} and what it left behind, or give one of the two another port.`,
      resource: false,
    });
    expect(isAlive(holder)).toBe(true);
  });

  test('what a run that is over left on the port is ended, and then the port is given away', async () => {
    const rig = await openTidyRig();
    const port = await freePort();
    const orphan = await leftOn(port, rig);
    const { launched } = await rig.launch(serverOn(port));
    expect(isAlive(orphan)).toBe(false);
    expect(await holderOf(port)).toEqual(launched.handle.identity);
    expect(rig.warnings).toEqual([
      expect.stringMatching(/^run u\d+\.1 is over, but node .+ holds port \d+: terminate$/),
    ]);
  });

  test('what still bears the name of a run that was swept is ended as well', async () => {
    const rig = await openTidyRig();
    const port = await freePort();
    const { call } = await rig.run({ command: 'true' });
    await rig.driver.sweep(again(call), 'terminate');
    await rig.fact('run.swept', call);
    const { unitId, runId } = call.run;
    const left = await strangerOn(port, { REEVE_RUN: `${rig.ownerId}/${unitId}/${runId}` });
    await rig.launch(serverOn(port));
    expect(isAlive(left)).toBe(false);
  });

  test('what is left of a run and deaf to SIGTERM is killed', async () => {
    const rig = await openTidyRig();
    const port = await freePort();
    const orphan = await leftOn(port, rig, 'process.on(`SIGTERM`, () => {})');
    await rig.launch(serverOn(port));
    expect(isAlive(orphan)).toBe(false);
    expect(rig.warnings.map((words) => words.split(' ').at(-1))).toEqual(['terminate', 'kill']);
  });

  test('what a unit leaves behind on purpose keeps its port', async () => {
    const rig = await openTidyRig();
    const port = await freePort();
    const { call } = await rig.run({
      command: `setsid node -e '${listening(port)}' & sleep 0`,
      keepDescendants: true,
    });
    const kept = await holderOf(port);
    const { message } = await problemOf(rig, rig.call(serverOn(port)));
    expect(message).toContain(`of unit ${call.run.unitId} listens there`);
    expect(isAlive(kept)).toBe(true);
  });

  test('connections that are over but for their TIME_WAIT are not in the way', async () => {
    const rig = await openTidyRig();
    const port = await portInTimeWait();
    const { launched } = await rig.launch(serverOn(port));
    expect(await holderOf(port)).toEqual(launched.handle.identity);
  });

  test('nor is who listens on an address that the unit does not need', async () => {
    const rig = await openTidyRig();
    const port = await freePort();
    const stranger = await strangerOn(port, {}, '127.0.0.53');
    await rig.launch(serverOn(port));
    await expect.poll(() => socketsOn(port), { timeout: 5_000 }).toHaveLength(2);
    expect(isAlive(stranger)).toBe(true);
  });
});

/** A server that hung up first, and is gone itself. */
async function portInTimeWait(): Promise<number> {
  const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const client = connect(port, '127.0.0.1').resume();
  await once(client, 'close');
  server.close();
  await once(server, 'close');
  return port;
}

const cluster = (port: number) =>
  `const c = require(\`cluster\`); if (c.isPrimary) c.fork(); else { ${listening(port)} }`;

describe('who listens', () => {
  test.each([
    ['the command itself', (port: number) => ['node', '-e', listening(port)]],
    ['a child of a shell', (port: number) => `node -e '${listening(port)}'; true`],
    [
      'the primary of a cluster, for its workers',
      (port: number) => `echo '${cluster(port)}' > cluster.cjs; exec node cluster.cjs`,
    ],
    ['a daemon in a session of its own', (port: number) => `setsid node -e '${listening(port)}' & exec sleep 1000`],
    [
      'a daemon whose parents are gone',
      (port: number) => `(setsid node -e '${listening(port)}' > /dev/null &) ; exec sleep 1000`,
    ],
    ['a child without an environment', (port: number) => `env -i "$(which node)" -e '${listening(port)}'; true`],
  ])('%s is of the run', async (_, command) => {
    const rig = await openRig();
    const port = await freePort();
    const { call, launched } = await rig.launch({ command: command(port) });
    const holder = await holderOf(port);
    // Without an environment nothing marks it.
    onTestFinished(() => void sendSignal(holder, 'SIGKILL'));
    expect(await rig.driver.whyNotOurs({ ...call.run, handle: launched.handle }, port)).toBe(null);
  });

  test('a stranger is not of the run, nor is another unit, and both are named', async () => {
    const rig = await openRig();
    const [port, another] = [await freePort(), await freePort()];
    const stranger = await strangerOn(port);
    const { launched } = await rig.launch({ command: ['node', '-e', listening(another)] });
    await holderOf(another);
    const { call } = await rig.launch({ command: ['sleep', '1000'] });
    const why = [await rig.driver.whyNotOurs(call.run, port), await rig.driver.whyNotOurs(call.run, another)];
    expect(why).toEqual([
      expect.stringMatching(`^port ${port} is held by ${stranger.pid} \\(.+\\), which is not of this unit$`),
      expect.stringMatching(
        `^port ${another} is held by ${launched.handle.pid} \\(node -e .+, which is not of this unit$`,
      ),
    ]);
  });

  test.each([
    ['nobody that can be seen', null],
    ['who forwards ports for others', 'process.title = `docker-proxy`'],
  ])('%s is asked about twice, and then believed', async (_, program) => {
    const rig = await openRig();
    const port = await freePort();
    if (program) {
      await rig.launch({ command: ['node', '-e', `${program}; ${listening(port)}`] });
      await holderOf(port);
    }
    const { call } = await rig.launch({ command: ['sleep', '1000'] });
    const ask = () => rig.driver.whyNotOurs(call.run, port);
    expect([await ask(), await ask(), await ask()]).toEqual([
      `port ${port} answers, but who listens there cannot be seen; it is asked once more`,
      null,
      `port ${port} answers, but who listens there cannot be seen; it is asked once more`,
    ]);
  });
});

describe('whoever is in the way', () => {
  const problem = new PortInUse({ port: 80, pid: 42, command: 'node', uid: 0, unit: 'db', deaf: false });
  const run = { unitId: 'db', runId: 'e.1' };
  /** How long it took until the port was clear, or was given up, and what was done meanwhile. */
  async function clearing(is: 'held' | 'unseen' | 'stale', leavesAtMs: number) {
    const clock = simulatedClock();
    const begunMs = clock.monoMs();
    const afterMs = () => clock.monoMs() - begunMs;
    const done: unknown[] = [];
    const found: Obstacle = is === 'stale' ? { is, run, problem } : { is, problem };
    const cleared = await clearPort({
      clock,
      obstacle: async () => (afterMs() >= leavesAtMs ? null : found),
      end: (how) => void done.push([how, afterMs()]),
      later: (ms, again) => {
        clock.setTimer(ms, again);
        clock.advance(ms);
      },
    }).then(
      () => 'cleared',
      (error: unknown) => (error === problem ? 'given up' : error),
    );
    return [cleared, afterMs(), ...done];
  }

  test.each([
    ['by right is refused at once', 'held', 1, ['given up', 0]],
    ['and cannot be seen any more may be gone in a moment', 'unseen', 200, ['cleared', 300]],
    ['and is not to be seen is refused after that moment', 'unseen', 9_000, ['given up', 500]],
    ['of a run that is over is ended', 'stale', 300, ['cleared', 300, ['terminate', 0]]],
    ['and does not mind is killed', 'stale', 2_200, ['cleared', 2_300, ['terminate', 0], ['kill', 2_100]]],
    ['and does not die is given up', 'stale', 9_000, ['given up', 4_100, ['terminate', 0], ['kill', 2_100]]],
  ] as const)('%s', async (_, is, leavesAtMs, expected) => {
    expect(await clearing(is, leavesAtMs)).toEqual(expected);
  });
});

test('what is left of a run is stale only when it is known that the run is over', () => {
  const rig = { unitId: 'db', generation: 1, handle: null };
  const begin = (runId: string, keepDescendants = false) =>
    ({ run: { ...rig, runId }, spec: { keepDescendants } }) as unknown as DriverCall;
  const stale = (runs: ReturnType<typeof openRuns>) =>
    ['e.1', 'e.2', 'e.3'].filter((runId) => runs.isStale({ unitId: 'db', runId }));
  const runs = openRuns();
  const seen: Record<string, readonly string[]> = { 'before anything is known': stale(runs) };
  runs.found(['e.1'], []);
  seen['one was open when we began'] = stale(runs);
  runs.began(begin('e.2'));
  seen['another one began'] = stale(runs);
  runs.ended({ ...rig, runId: 'e.1' });
  seen['the first was swept'] = stale(runs);
  runs.began(begin('e.3', true));
  seen['the unit keeps what it leaves behind'] = stale(runs);
  runs.discarded({ ...rig, runId: 'e.3' });
  seen['the unit is forgotten'] = stale(runs);
  expect(seen).toEqual({
    'before anything is known': [],
    'one was open when we began': ['e.2', 'e.3'],
    'another one began': ['e.3'],
    'the first was swept': ['e.1', 'e.3'],
    'the unit keeps what it leaves behind': [],
    'the unit is forgotten': ['e.1', 'e.2', 'e.3'],
  });
});

test('a port in use says who it is, and what to do', () => {
  const known = { port: 80, pid: 42, command: 'nginx', uid: 33, unit: null, deaf: false };
  const said = [known, { ...known, pid: null, command: null }, { ...known, unit: 'web', deaf: true }].map((data) => {
    const { code, message, hint } = new PortInUse(data);
    return [code, message, hint];
  });
  expect(said).toEqual([
    [
      'PortInUse',
      'Cannot use port 80: 42 (nginx) of user 33 listens there.',
      'Stop it, or give the unit another port.',
    ],
    [
      'PortInUse',
      'Cannot use port 80: somebody of user 33 listens there, who cannot be seen from here.',
      'Look with: sudo ss -ltnp "sport = :80". Stop who it is, or give the unit another port.',
    ],
    [
      'PortInUse',
      'Cannot use port 80: 42 (nginx) of unit web still listens there, though it was killed.',
      'Stop it, or give the unit another port.',
    ],
  ]);
});
