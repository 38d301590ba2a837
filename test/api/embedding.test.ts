import { describe, expect, test } from 'vitest';
import { openReadOnly, openReeve, server } from '../../src/index.ts';
import { type Host, leftIn, startProgram, within } from '../support/host.ts';
import { stateDirectory } from '../support/state-directory.ts';

const UNIT = `server({ id: 'lives', command: ['sleep', '1000'], onOrchestratorDeath: 'adopt' })`;
const OPENED = `
  const reeve = await openReeve({ stateDir, units: [${UNIT}] });
  await reeve.unit('lives').reached('running', { within: '20s' });
  console.log('pid', reeve.unit('lives').status().run.pid);
`;
const ended = (host: Host) => within(host.ended, 10_000, () => `the host lives on:\n${host.lines.join('\n')}`);

describe('a unit that is to be adopted outlives a host', () => {
  test.each([
    ['that exits without closing', 'process.exit(0);', null, { code: 0, signal: null }],
    ['that throws', `throw new Error('a bug of the host');`, null, { code: 1, signal: null }],
    ['that leaves a rejection unhandled', `void Promise.reject(new Error('a bug'));`, null, { code: 1, signal: null }],
    ['that gets SIGTERM', '', 'SIGTERM', { code: null, signal: 'SIGTERM' }],
    ['that gets SIGINT', '', 'SIGINT', { code: null, signal: 'SIGINT' }],
    ['that gets SIGHUP, as when its terminal goes', '', 'SIGHUP', { code: null, signal: 'SIGHUP' }],
    ['that gets SIGKILL', '', 'SIGKILL', { code: null, signal: 'SIGKILL' }],
  ] as const)('%s, and is adopted by the next', async (_, last, signal, how) => {
    const stateDir = stateDirectory();
    const host = startProgram(stateDir, OPENED + last);
    const pid = Number(await host.said('pid '));
    expect(await (signal ? host.end(signal) : ended(host))).toEqual(how);

    const files = openReadOnly(stateDir);
    expect(files.status()).toMatchObject({ orchestrator: null, units: [{ state: 'running', run: { pid } }] });
    files.close();
    const next = await openReeve({ stateDir });
    const { state, run } = next.unit('lives').status();
    expect({ state, pid: run?.pid, adopted: run?.adopted }).toEqual({ state: 'running', pid, adopted: true });
    await next.close();
    expect(await leftIn(stateDir)).toEqual([]);
  });
});

const HELD = OPENED.replace('const', 'await using');

test('a host that holds reeve by `await using` leaves nothing behind, and ends by itself', async () => {
  const stateDir = stateDirectory();
  const host = startProgram(stateDir, `{ ${HELD} } console.log('after the block');`);
  await host.said('after the block');
  expect(await ended(host)).toEqual({ code: 0, signal: null });
  expect(await leftIn(stateDir)).toEqual([]);
});

test('a block that throws under `await using` closes first, and the error is the host’s own', async () => {
  const stateDir = stateDirectory();
  const program = `try { ${HELD} throw new Error('mine'); } catch (error) { console.log('caught', error.message); }`;
  const host = startProgram(stateDir, program);
  expect(await host.said('caught ')).toBe('mine');
  expect(await ended(host)).toEqual({ code: 0, signal: null });
  expect(await leftIn(stateDir)).toEqual([]);
});

const LOOK = `
  const EVENTS = ['exit', 'beforeExit', 'uncaughtException', 'unhandledRejection', 'warning', 'message', 'disconnect',
    'SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2', 'SIGPIPE', 'SIGCHLD'];
  const look = (when) => console.log(when, JSON.stringify({
    listeners: Object.fromEntries(EVENTS.map((name) => [name, process.listenerCount(name)])),
    umask: process.umask(), cwd: process.cwd(), title: process.title,
    env: Object.keys(process.env).sort().join(), exitCode: process.exitCode ?? null,
  }));
  look('before');
`;

test('nothing of the host is changed behind its back: no handlers, umask, environment or directory', async () => {
  const host = startProgram(
    stateDirectory(),
    `${LOOK} ${OPENED} look('open'); await reeve.run(job({ id: 'one', command: 'exit 3' })); look('worked');
     await reeve.close(); look('closed');`,
  );
  const before = await host.said('before');
  const looks = [await host.said('open'), await host.said('worked'), await host.said('closed')];
  expect(looks).toEqual([before, before, before]);
  expect(await ended(host)).toEqual({ code: 0, signal: null });
});

test('after close nothing keeps the host from ending: no timer, watch or descriptor is left', async () => {
  const stateDir = stateDirectory();
  const host = startProgram(
    stateDir,
    `const { readdirSync, readlinkSync } = await import('node:fs');
     const link = (fd) => { try { return readlinkSync('/proc/self/fd/' + fd); } catch { return ''; } };
     const look = (when) => console.log(when, JSON.stringify({
       resources: process.getActiveResourcesInfo().filter((name) => name !== 'PipeWrap').sort(),
       files: readdirSync('/proc/self/fd').map(link).filter((path) => path.includes(stateDir)),
     }));
     look('before');
     ${OPENED} look('open'); await reeve.close(); look('after');`,
  );
  const [before, open, after] = [await host.said('before'), await host.said('open'), await host.said('after')];
  expect(JSON.parse(before)).toEqual({ resources: expect.any(Array), files: [] });
  expect(JSON.parse(open).files).not.toEqual([]);
  expect(after).toEqual(before);
  expect(await ended(host)).toEqual({ code: 0, signal: null });
});

test('an idle reeve keeps its host alive, for it has something to watch', async () => {
  const host = startProgram(
    stateDirectory(),
    `${OPENED} process.on('SIGTERM', () => void reeve.close()); console.log('listens');`,
  );
  await host.said('listens');
  // Ends by the close that the signal asks for, and not before.
  expect(await host.end('SIGTERM')).toEqual({ code: 0, signal: null });
});

test('two reeves in one host, on directories of their own, do not disturb each other', async () => {
  const dirs = [stateDirectory(), stateDirectory()] as const;
  const sleeper = { id: 'lives', command: ['sleep', '1000'], onOrchestratorDeath: 'adopt' } as const;
  const [first, second] = [
    await openReeve({ stateDir: dirs[0], units: [server(sleeper)] }),
    await openReeve({ stateDir: dirs[1], units: [server(sleeper)] }),
  ];
  await Promise.all([first, second].map((reeve) => reeve.unit('lives').reached('running', { within: '20s' })));
  await first.close();
  expect(second.unit('lives').status()).toMatchObject({ state: 'running', outcome: null });
  expect(await leftIn(dirs[0])).toEqual([]);
  await second.close();
  expect(await leftIn(dirs[1])).toEqual([]);
});
