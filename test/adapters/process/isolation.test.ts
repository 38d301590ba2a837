import { existsSync, readdirSync, readFileSync, realpathSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { runPaths } from '../../../src/adapters/process/run-directory.ts';
import { startHost } from '../../support/host.ts';
import { closeRigs, openRig, type Rig } from './rig.ts';

afterEach(closeRigs);

const orchestrator = new URL('../../fixtures/orchestrator.ts', import.meta.url).pathname;
const node = (script: string) => [process.execPath, '-e', script];

const SIGNALS = 'grep -E "^Sig(Blk|Ign)" /proc/self/status';
const NO_SIGNALS = 'SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n';

/** The umask belongs to a process, and tests share theirs. */
async function under<T>(umask: number, act: () => Promise<T>): Promise<T> {
  const before = process.umask(umask);
  try {
    return await act();
  } finally {
    process.umask(before);
  }
}

const MODES = { bin: '700', fifos: '700', runs: '700' };
const RUN_MODES = { alive: '600', claim: '600', messages: '600', out: '600', policy: '600', record: '600' };
const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);
const modesIn = (dir: string) => Object.fromEntries(readdirSync(dir).map((name) => [name, modeOf(join(dir, name))]));

describe.each([
  ['we fork', false],
  ['a spawner forks', true],
])('where %s', (_, usesSpawner) => {
  test('a command gets the environment that its spec describes, and nothing else', async () => {
    const rig = await openRig(
      {
        PATH: '/usr/bin:/bin',
        LC_ALL: 'C',
        SECRET: 'x',
        NODE_OPTIONS: '--no-warnings',
        u: 'ours',
      },
      { usesSpawner },
    );
    const { text, call } = await rig.run({
      kind: 'server',
      command: node('console.log(JSON.stringify(process.env))'),
      env: { set: { MULTILINE: 'a\nb "c"', EMPTY: '', DEBUG: 'asked' } },
      port: 4711,
    });
    expect(JSON.parse(text)).toEqual({
      PATH: '/usr/bin:/bin',
      LC_ALL: 'C',
      MULTILINE: 'a\nb "c"',
      EMPTY: '',
      DEBUG: 'asked',
      PORT: '4711',
      PWD: rig.stateDir,
      REEVE_RUN: `${rig.ownerId}/${call.run.unitId}/${call.run.runId}`,
      REEVE_MESSAGES: runPaths(rig.stateDir, call.run.runId).messages,
    });
  });

  test('a command that inherits everything gets it unchanged, short names too', async () => {
    const base = {
      PATH: '/usr/bin:/bin',
      s: '1',
      u: '2',
      d: '3',
      up: '4',
      st: '5',
      x: '6',
      NODE_OPTIONS: '--no-warnings',
    };
    const rig = await openRig({ ...base, 'not.passable': '1', IFS: 'x' }, { usesSpawner });
    const { text } = await rig.run({
      command: node('console.log(JSON.stringify(process.env))'),
      env: { inherit: 'all' },
    });
    const { NODE_OPTIONS: _, ...kept } = base;
    const { REEVE_RUN: _run, REEVE_MESSAGES: _messages, ...got } = JSON.parse(text);
    expect(got).toEqual({ ...kept, PWD: rig.stateDir });
  });

  test('a command has nothing open but its input, its output and the liveness descriptor', async () => {
    const rig = await openRig(process.env, { usesSpawner });
    // The shell's own descriptors: it waits, with nothing open for its child.
    const { text, call } = await rig.run({ command: ['/bin/sh', '-c', 'ls -l /proc/$$/fd; true'] });
    const run = realpathSync(rig.path(call, ''));
    // What this very process was born with is covered.
    const open = [...text.matchAll(/(\d+) -> (.*)/g)].filter(([, fd, to]) => Number(fd) < 3 || to !== '/dev/null');
    expect(open.map(([link]) => link).sort()).toEqual([
      '0 -> /dev/null',
      `1 -> ${run}/out`,
      `199 -> ${run}/alive`,
      `2 -> ${run}/out`,
    ]);
  });

  test('a command ignores and blocks no signal, leads its own session, and stands in its directory', async () => {
    const rig = await openRig(process.env, { usesSpawner });
    const { text } = await rig.run({
      command: ['/bin/sh', '-c', `${SIGNALS}; cut -d" " -f5,6 /proc/$$/stat; echo $$ $$; pwd`],
    });
    const [session, own, cwd] = text.slice(NO_SIGNALS.length).split('\n');
    expect([text.slice(0, NO_SIGNALS.length), session, cwd]).toEqual([NO_SIGNALS, own, rig.stateDir]);
  });

  test('nor where its orchestrator was told to ignore signals, as by nohup or a background job', async () => {
    const rig = await openRig(process.env, { usesSpawner });
    const call = rig.call({}, { runId: 'orphan.1' });
    const unit = { kind: 'job', id: 'orphan', command: SIGNALS, cwd: rig.stateDir };
    const ignoring = `trap '' HUP INT QUIT TERM USR1 USR2 ALRM PIPE TSTP TTIN TTOU CHLD; ${SIGNALS}; exec "$@"`;
    const words = [orchestrator, rig.stateDir, rig.ownerId, JSON.stringify(unit), usesSpawner ? 'spawner' : 'itself'];
    const host = startHost(words, { under: ['/bin/sh', '-c', ignoring, 'sh'] });
    await host.said('{"type":"run.exited"');
    await host.end('SIGKILL');
    expect(host.lines).not.toContain(NO_SIGNALS.split('\n')[1]);
    expect(readFileSync(rig.path(call, 'out'), 'utf8')).toBe(NO_SIGNALS);
  });

  test.each([
    ['0000', '666', 0],
    ['0077', '600', 0o77],
    ['0022', '644', 0o22],
  ])('under umask %s all files are ours alone, and the command gets that umask back', async (printed, made, umask) => {
    const all = await under(umask, async () => {
      const rig: Rig = await openRig(process.env, { usesSpawner });
      const { text, call } = await rig.run({ command: 'umask; true >made' });
      const scripts = new Set(Object.values(modesIn(join(rig.stateDir, 'bin'))));
      const { made: madeMode, ...top } = modesIn(rig.stateDir);
      return { text, madeMode, top, run: modesIn(rig.path(call, '')), directory: modeOf(rig.path(call, '')), scripts };
    });
    expect(all).toEqual({
      text: `${printed}\n`,
      madeMode: made,
      top: MODES,
      run: RUN_MODES,
      directory: '700',
      scripts: new Set(['700']),
    });
  });

  test('a state directory behind a link and with odd characters works', async () => {
    const rig = await openRig(process.env, { usesSpawner });
    const odd = join(rig.stateDir, `it's "odd" $HOME * é`);
    symlinkSync(rig.stateDir, odd);
    const { exited } = await rig.run({ command: ['/bin/sh', '-c', 'exit 5'], cwd: odd });
    expect([exited.exit.code, existsSync(odd)]).toEqual([5, true]);
  });
});
