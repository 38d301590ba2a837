/** Traps of process supervision that nothing else here walks into, on real processes. The page is diagrams/traps.md. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { job, server } from '../../src/index.ts';
import { closeShells, openShell } from '../adapters/cli/shell.ts';
import { builtCommand } from '../support/command.ts';
import { startProgram } from '../support/host.ts';
import { opened } from '../support/opened.ts';
import { stateDirectory } from '../support/state-directory.ts';
import { eventually } from '../support/waiting.ts';

// Whole processes, one after the other, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

afterEach(closeShells);

/** More than any pipe holds. */
const MANY_BYTES = 32 * 1024 ** 2;
const TALKS = new URL('../fixtures/talks.ts', import.meta.url).pathname;

describe('a program that prints', () => {
  /** Its host, as soon as it runs; it prints much when it is told to, and then line by line, as a Node program. */
  async function printing() {
    const [stateDir, cwd] = [stateDirectory(), stateDirectory()];
    const command = `
      while ! [ -e go ]; do sleep 0.02; done
      head -c ${MANY_BYTES} /dev/zero | tr '\\0' .; echo
      true >printed; exec node "$TALKS"`;
    const unit = { id: 'talks', command, cwd, env: { set: { TALKS } } };
    const host = startProgram(
      stateDir,
      `const units = [server(${JSON.stringify(unit)})];
       const reeve = await openReeve({ stateDir, units, onOrchestratorDeath: 'adopt' });
       await reeve.unit('talks').reached('running', { within: '20s' });
       console.log('pid', reeve.unit('talks').status().run.pid);`,
    );
    const pid = Number(await host.said('pid '));
    const print = async () => {
      writeFileSync(join(cwd, 'go'), '');
      expect(await eventually(() => existsSync(join(cwd, 'printed')), Boolean)).toBe(true);
    };
    return { stateDir, host, pid, print };
  }

  test('is not held up by an orchestrator that does not get to read it', async () => {
    const { host, print } = await printing();
    process.kill(host.pid, 'SIGSTOP');
    await print();
    process.kill(host.pid, 'SIGCONT');
    await host.end('SIGKILL');
  });

  test('goes on when its orchestrator is killed, and not a line is missing when it is adopted', async () => {
    const { stateDir, host, pid, print } = await printing();
    await host.end('SIGKILL');
    await print();
    const reeve = await opened({ stateDir });
    const talks = reeve.unit('talks');
    expect(talks.status().run).toMatchObject({ pid, adopted: true });
    const tail = async () => (await talks.output({ mode: 'tail', lines: 100 })).text.split('\n').slice(0, -1);
    // The last line of what was printed at once may still be among them.
    const lines = await eventually(tail, (found) => found.length === 100 && found[0]?.startsWith('tick ') === true);
    const first = Number(lines[0]?.split(' ')[1]);
    expect(lines).toEqual(lines.map((_, index) => `tick ${first + index}`));
  });
});

test('output that somebody empties, as logrotate does, goes on from its beginning, for readers too', async () => {
  const cwd = stateDirectory();
  const command = `printf 'one\\ntwo\\n'; while ! [ -e emptied ]; do sleep 0.02; done; echo 3; exec sleep 1000`;
  const unit = server({ id: 'talks', command, cwd });
  const reeve = await opened({ stateDir: stateDirectory(), units: [unit] });
  const talks = reeve.unit('talks');
  const { run } = await talks.reached('running', { within: '20s' });
  const followed = talks.follow({ fromByte: 0 })[Symbol.asyncIterator]();
  let seen = '';
  while (seen !== 'one\ntwo\n') seen += (await followed.next()).value;

  const file = join(reeve.stateDir, 'runs', run?.runId ?? '', 'out');
  truncateSync(file);
  const next = followed.next();
  writeFileSync(join(cwd, 'emptied'), '');
  expect(await next).toEqual({ done: false, value: '3\n' });
  expect([await talks.output(), statSync(file).size]).toEqual([{ text: '3\n', truncated: false, sizeBytes: 2 }, 2]);
  await followed.return?.();
});

test('a command has no terminal, reads nothing, and is as colourful as its environment says', async () => {
  const reeve = await opened({ stateDir: stateDirectory() });
  const command = 'for fd in 0 1 2; do [ -t $fd ] && echo terminal; done; wc -c; echo $FORCE_COLOR';
  const unit = job({ id: 'looks', command, env: { set: { FORCE_COLOR: '1' } } });
  expect((await reeve.run(unit)).output.tail).toBe('0\n1\n');
});

test('a run that somebody has stopped is adopted as what it is: alive, and waiting for a signal', async () => {
  const stateDir = stateDirectory();
  const host = startProgram(
    stateDir,
    `const units = [server({ id: 'still', command: ['sleep', '1000'] })];
     const reeve = await openReeve({ stateDir, units, onOrchestratorDeath: 'adopt' });
     await reeve.unit('still').reached('running', { within: '20s' });
     console.log('pid', reeve.unit('still').status().run.pid);`,
  );
  const pid = Number(await host.said('pid '));
  await host.end('SIGKILL');
  process.kill(pid, 'SIGSTOP');
  const reeve = await opened({ stateDir });
  const brief = () => {
    const { state, run, blocked } = reeve.unit('still').status();
    return { state, pid: run?.pid, blocked };
  };
  const blocked = `a signal that continues it: kill -CONT ${pid}`;
  await expect.poll(brief, { timeout: 10_000 }).toEqual({ state: 'running', pid, blocked });
  process.kill(pid, 'SIGCONT');
  await expect.poll(brief, { timeout: 10_000 }).toEqual({ state: 'running', pid, blocked: null });
});

const hasPty = ['/usr/bin/script', '/bin/script'].some(existsSync);

test.runIf(hasPty)('Ctrl-C at a terminal reaches what runs as its stop signal, once, and not as Ctrl-C', async () => {
  const says = (signal: string, then = '') => `trap 'echo ${signal} >>heard;${then}' ${signal}`;
  const command = `${says('INT')}; ${says('TERM', ' exit 0')}; echo up >>heard; while :; do sleep 0.05; done`;
  const shell = openShell({ 'reeve.yaml': `units: { web: { command: "${command}" } }` });
  const main = builtCommand();
  const words = `'${process.execPath}' '${main}' up --state-dir '${shell.stateDir}'`;
  const terminal = spawn('script', ['-qec', words, '/dev/null'], {
    cwd: shell.directory,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const ended = once(terminal, 'exit');
  onTestFinished(() => void terminal.kill());
  const heard = () => readFileSync(join(shell.directory, 'heard'), { encoding: 'utf8', flag: 'a+' });
  expect(await eventually(heard, (text) => text !== '', 30_000)).toBe('up\n');
  terminal.stdin.write('\u0003');
  expect(await ended).toEqual([130, null]);
  expect(heard()).toBe('up\nTERM\n');
});
