import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Entry, job, type OpenOptions, openReadOnly, openReeve, type Reeve, server } from '../../src/index.ts';
import { opened } from '../support/opened.ts';
import { freePort } from '../support/ports.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const WEB = `require('node:http').createServer((_, answer) => answer.end('ok')).listen(process.env.PORT, '127.0.0.1')`;
const web = (port: number) =>
  server({
    id: 'web',
    command: ['node', '-e', WEB],
    port,
    ready: { http: `http://127.0.0.1:${port}/`, every: '50ms' },
  });
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};
const pidOf = (reeve: Reeve, id: string): number => reeve.unit(id).status().run?.pid ?? 0;

describe('openReeve', () => {
  test('starts what it is given, in order, and stops all of it', async () => {
    const port = await freePort();
    const units = [web(port), server({ id: 'after', command: 'exec sleep 1000', after: { web: 'ready' } })];
    const reeve = await opened({ stateDir: temporaryDirectory(), units });
    await reeve.unit('after').reached('running', { within: '15s' });
    expect(reeve.status().units.map(({ id, state, ready, port: given }) => [id, state, ready, given])).toEqual([
      ['web', 'running', true, port],
      ['after', 'running', true, null],
    ]);
    const pids = [pidOf(reeve, 'web'), pidOf(reeve, 'after')];
    await reeve.close();
    expect(pids.filter(isAlive)).toEqual([]);
  });

  test('runs a job to its end, and tells how it ended and what it printed', async () => {
    const reeve = await opened({ stateDir: temporaryDirectory() });
    const result = await reeve.run(job({ id: 'build', command: 'echo built; exit 7' }));
    expect(result).toMatchObject({ id: 'build', outcome: 'failed', code: 7, signal: null, attempts: 1 });
    expect(result.output).toEqual({ bytes: 6, tail: 'built\n' });
  });

  test('aborting a job stops it', async () => {
    const reeve = await opened({ stateDir: temporaryDirectory() });
    const abort = new AbortController();
    const running = reeve.run(job({ id: 'endless', command: 'exec sleep 1000' }), { signal: abort.signal });
    await reeve.unit('endless').reached('running', { within: '10s' });
    abort.abort();
    expect(await running).toMatchObject({ outcome: 'stopped', by: 'abort', signal: 'SIGTERM' });
  });

  test('a server that is killed from outside comes back with a new process', async () => {
    const port = await freePort();
    const reeve = await opened({ stateDir: temporaryDirectory(), units: [web(port)] });
    await reeve.unit('web').reached('ready', { within: '15s' });
    const first = pidOf(reeve, 'web');
    process.kill(first, 'SIGKILL');
    await reeve.unit('web').reached('reaped', { within: '5s' });
    const { run, restarts } = await reeve.unit('web').reached('ready', { within: '15s' });
    expect([run?.generation, restarts, run?.pid === first]).toEqual([2, 1, false]);
    expect(reeve.unit('web').history()[1]?.outcome).toMatchObject({ kind: 'crashed', signal: 'SIGKILL' });
  });

  test('a command that does not exist is told in words, at once', async () => {
    const reeve = await opened({ stateDir: temporaryDirectory(), start: false });
    reeve.add(server({ id: 'nope', command: ['no-such-command-anywhere'] }));
    await expect(reeve.unit('nope').start()).rejects.toMatchObject({ code: 'StartFailed' });
    expect(reeve.unit('nope').status()).toMatchObject({ state: 'reaped', outcome: 'launch-failed' });
    expect(reeve.unit('nope').status().why).toContain('no-such-command-anywhere');
  });

  test('only one orchestrator at a time works on a state directory; reading it stays possible', async () => {
    const stateDir = temporaryDirectory();
    const reeve = await opened({ stateDir, units: [server({ id: 'idle', command: 'exec sleep 1000' })] });
    await reeve.unit('idle').reached('running', { within: '10s' });
    await expect(openReeve({ stateDir })).rejects.toMatchObject({
      code: 'StateDirBusy',
      message: `Cannot open ${stateDir}: process ${process.pid} is already orchestrating there.`,
    });
    const files = openReadOnly(stateDir);
    expect(files.status()).toEqual({ ...reeve.status(), project: files.status().project });
    files.close();
  });

  test('waits that cannot end well end with the reason', async () => {
    const reeve = await opened({ stateDir: temporaryDirectory(), start: false });
    reeve.add(job({ id: 'quick', command: 'true' }), server({ id: 'idle', command: 'exec sleep 1000' }));
    await reeve.unit('quick').start();
    await expect(reeve.unit('quick').reached('idle-stalled')).rejects.toMatchObject({
      code: 'NotReached',
      waitedMs: null,
    });
    await expect(reeve.unit('idle').reached('running', { within: 30 })).rejects.toMatchObject({ waitedMs: 30 });
    await expect(reeve.unit('idle').reached('running', { within: '5 sec' })).rejects.toMatchObject({
      code: 'BadDuration',
    });
    await expect(reeve.unit('ghost').reached('running')).rejects.toMatchObject({ code: 'UnknownUnit' });
    await expect(reeve.unit('idle').reached('running', { signal: AbortSignal.abort() })).rejects.toThrow('aborted');
  });

  test('up names a unit that there is not, and the one that was probably meant, and starts nothing', async () => {
    const units = [server({ id: 'web', command: 'exec sleep 1000' })];
    const reeve = await opened({ stateDir: temporaryDirectory(), units, start: false });
    await expect(reeve.up(['web', 'wep'])).rejects.toMatchObject({
      code: 'UnknownUnit',
      message: 'There is no unit "wep".',
      hint: 'Did you mean "web"?',
    });
    expect(reeve.unit('web').history()).toEqual([]);
  });

  test('a stopped unit can be replaced, one that is up cannot, and a terminated one is gone', async () => {
    const stateDir = temporaryDirectory();
    const reeve = await opened({ stateDir, start: false });
    reeve.add(server({ id: 'api', command: 'exec sleep 1000' }));
    await reeve.unit('api').start();
    expect(() => reeve.add(server({ id: 'api', command: 'exec sleep 2000' }))).toThrow('only a unit at rest');
    await reeve.unit('api').terminate();
    expect(reeve.status().units).toEqual([]);
    await expect(reeve.unit('api').start()).rejects.toMatchObject({ code: 'UnknownUnit' });
    reeve.add(server({ id: 'api', command: 'exec sleep 2000' }));
    await reeve.unit('api').start();
    expect(reeve.unit('api').status().state).toBe('running');
  });

  test('plain objects are units, too, and what is none of ours is refused before anything is kept', async () => {
    const stateDir = temporaryDirectory();
    const plain = { id: 'plain', kind: 'job', command: 'echo plain' } as unknown as ReturnType<typeof job>;
    const reeve = await opened({ stateDir, start: false });
    expect((await reeve.run(plain)).output.tail).toBe('plain\n');
    const wrong = { id: 'wrong', kind: 'job', comand: 'x' } as unknown as ReturnType<typeof job>;
    expect(() => reeve.add(wrong)).toThrow('comand');
    expect(reeve.units().map(({ id }) => id)).toEqual(['plain']);
    await reeve.close();
    await expect(openReeve({ stateDir, units: [wrong] })).rejects.toMatchObject({ code: 'InvalidSpec' });
    expect((await opened({ stateDir })).units().map(({ id }) => id)).toEqual(['plain']);
  });

  test('misspelt options and milestones are refused with the nearest name', async () => {
    const misspelt = { stateDr: temporaryDirectory() } as OpenOptions;
    await expect(openReeve(misspelt)).rejects.toMatchObject({
      code: 'InvalidOption',
      hint: 'Did you mean "stateDir"?',
    });
    const reeve = await opened({ stateDir: temporaryDirectory(), start: false });
    reeve.add(job({ id: 'one', command: 'true' }));
    const bogus = reeve.unit('one').reached('finishd' as 'finished');
    await expect(bogus).rejects.toMatchObject({ code: 'InvalidOption', hint: 'Did you mean "finished"?' });
  });

  test('units that are added one after the other cannot wait in a circle', async () => {
    const reeve = await opened({ stateDir: temporaryDirectory(), start: false });
    reeve.add(job({ id: 'a', command: 'true' }));
    reeve.add(job({ id: 'b', command: 'true', after: { a: 'finished' } }));
    expect(() => reeve.add(job({ id: 'a', command: 'true', after: { b: 'finished' } }))).toThrow('b → a → b');
  });

  test('a job that waits for what will not come is not waited for', async () => {
    const reeve = await opened({ stateDir: temporaryDirectory(), start: false });
    expect((await reeve.run(job({ id: 'first', command: 'exit 1' }))).outcome).toBe('failed');
    const second = job({ id: 'second', command: 'true', after: { first: 'finished' } });
    await expect(reeve.run(second)).rejects.toMatchObject({ code: 'DependencyFailed' });
    const third = job({ id: 'third', command: 'true', after: { first: 'running' } });
    await expect(reeve.run(third, { signal: AbortSignal.timeout(50) })).rejects.toMatchObject({
      code: 'DependencyFailed',
    });
    expect(reeve.unit('second').status().state).toBe('reaped');
  });

  test('close is idempotent, and a closed reeve says so', async () => {
    const reeve = await opened({ stateDir: temporaryDirectory(), units: [job({ id: 'one', command: 'true' })] });
    const [first, second] = [reeve.close(), reeve.close()];
    expect(first).toBe(second);
    await first;
    await expect(reeve.unit('one').start()).rejects.toMatchObject({ code: 'Closed' });
    await expect(reeve.unit('one').result()).rejects.toMatchObject({ code: 'Closed' });
    await expect(reeve.run(job({ id: 'two', command: 'true' }))).rejects.toMatchObject({ code: 'Closed' });
    expect(() => reeve.journal()).toThrow('This reeve is closed.');
  });
});

describe('the journal', () => {
  test('can be followed: every entry once, in order, until it is closed', async () => {
    const reeve = await opened({ stateDir: temporaryDirectory() });
    const entries: Entry[] = [];
    const following = (async () => {
      for await (const entry of reeve.journal({ follow: true })) entries.push(entry);
    })();
    await reeve.run(job({ id: 'one', command: 'true' }));
    await reeve.close();
    await following;
    expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, index) => index + 1));
    expect(entries.filter(({ unitId }) => unitId === 'one').map(({ event }) => event.type)).toEqual([
      'unit.added',
      'start.requested',
      'run.launched',
      'run.exited',
      'run.swept',
    ]);
  });
});

describe('a state directory', () => {
  test('can be read by nobody else, whatever the umask', async () => {
    const stateDir = join(temporaryDirectory(), 'state');
    const before = process.umask(0);
    onTestFinished(() => void process.umask(before));
    const reeve = await opened({ stateDir });
    await reeve.run(job({ id: 'one', command: 'echo secret' }));
    const paths = readdirSync(stateDir, { recursive: true, encoding: 'utf8' }).map((name) => join(stateDir, name));
    const open_ = [stateDir, ...paths].filter((path) => (statSync(path).mode & 0o077) !== 0);
    expect(paths.length).toBeGreaterThan(5);
    expect(open_).toEqual([]);
  });
});

/** Runs a host in a process of its own, which says on stdout when it is there. */
async function host(stateDir: string, script: string): Promise<{ readonly pid: number; gone: Promise<unknown> }> {
  const source = `
    import { openReeve, server, job } from ${JSON.stringify(new URL('../../src/index.ts', import.meta.url).href)};
    const stateDir = ${JSON.stringify(stateDir)};
    ${script}
    console.log('there');
  `;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await gone;
  });
  await once(child.stdout, 'data');
  return { pid: child.pid ?? 0, gone };
}

describe('after a SIGKILL of the host', () => {
  test('what lives is adopted with the same pid, and what ended is recorded with its own code', async () => {
    const stateDir = temporaryDirectory();
    const units = `[
      server({ id: 'lives', command: 'exec sleep 1000' }),
      server({ id: 'dies', command: 'exec sleep 1000', restart: 'never' }),
      job({ id: 'ends', command: 'sleep 0.5; exit 7' }),
    ]`;
    const killed = await host(
      stateDir,
      `const reeve = await openReeve({ stateDir, units: ${units} });
       for (const unit of reeve.units()) await unit.reached('running', { within: '15s' });`,
    );
    const before = openReadOnly(stateDir);
    const pids = Object.fromEntries(before.status().units.map(({ id, run }) => [id, run?.pid ?? 0]));
    before.close();
    process.kill(killed.pid, 'SIGKILL');
    await killed.gone;
    process.kill(pids.dies!, 'SIGTERM');

    const reeve = await opened({ stateDir, start: false });
    const lives = reeve.unit('lives').status();
    expect([lives.state, lives.run?.pid, lives.run?.adopted]).toEqual(['running', pids.lives, true]);
    await reeve.unit('ends').reached('settled', { within: '15s' });
    await reeve.unit('dies').reached('settled', { within: '15s' });
    expect(reeve.unit('ends').history()[0]?.outcome).toMatchObject({ kind: 'failed', code: 7 });
    expect(reeve.unit('dies').history()[0]?.outcome).toMatchObject({ kind: 'crashed', signal: 'SIGTERM' });
    await reeve.close();
    expect(isAlive(pids.lives!)).toBe(false);
  });

  test('nothing that was settled or stopped is started again; after a clean close everything is', async () => {
    const stateDir = temporaryDirectory();
    const units = `[job({ id: 'done', command: 'true' }), server({ id: 'stopped', command: 'exec sleep 1000' })]`;
    const killed = await host(
      stateDir,
      `const reeve = await openReeve({ stateDir, units: ${units} });
       await reeve.unit('done').reached('finished', { within: '15s' });
       await reeve.unit('stopped').start();
       await reeve.unit('stopped').stop();`,
    );
    process.kill(killed.pid, 'SIGKILL');
    await killed.gone;
    const again = [job({ id: 'done', command: 'true' }), server({ id: 'stopped', command: 'exec sleep 1000' })];
    const resumed = await opened({ stateDir, units: again });
    expect(resumed.units().map((unit) => [unit.id, unit.history().length])).toEqual([
      ['done', 1],
      ['stopped', 1],
    ]);
    await resumed.close();
    const anew = await opened({ stateDir, units: again });
    await anew.unit('stopped').reached('running', { within: '10s' });
    await anew.unit('done').reached('finished', { within: '10s' });
    expect(anew.units().map((unit) => [unit.id, unit.history().length])).toEqual([
      ['done', 2],
      ['stopped', 2],
    ]);
  });

  test('a stopped unit whose spec has changed stays stopped, and runs by the new one when it is started', async () => {
    const stateDir = temporaryDirectory();
    const killed = await host(
      stateDir,
      `const reeve = await openReeve({ stateDir, units: [server({ id: 'api', command: 'exec sleep 1000' })] });
       await reeve.unit('api').start();
       await reeve.unit('api').stop();`,
    );
    process.kill(killed.pid, 'SIGKILL');
    await killed.gone;
    const changed = job({ id: 'api', command: 'echo changed' });
    const reeve = await opened({ stateDir, units: [changed, job({ id: 'new', command: 'true' })] });
    await reeve.unit('new').reached('finished', { within: '10s' });
    expect(reeve.unit('api').status()).toMatchObject({ state: 'reaped', outcome: null });
    expect((await reeve.run(changed)).output.tail).toBe('changed\n');
  });

  test('what close leaves is adopted by the next one', async () => {
    const stateDir = temporaryDirectory();
    const units = [server({ id: 'left', command: 'exec sleep 1000' })];
    const first = await openReeve({ stateDir, units });
    await first.unit('left').reached('running', { within: '10s' });
    const pid = pidOf(first, 'left');
    await first.close({ leave: true });
    expect(isAlive(pid)).toBe(true);
    const second = await opened({ stateDir, units });
    expect([pidOf(second, 'left'), second.unit('left').status().state]).toEqual([pid, 'running']);
  });
});
