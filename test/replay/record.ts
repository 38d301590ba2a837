/**
 * Records a history for `histories/`, from real processes:
 * `node test/replay/record.ts test/replay/histories/NAME.jsonl.gz`.
 *
 * A server flaps until its budget is spent, another one waits for it and is stopped, and a job fails, is tried again
 * and fails for good; the orchestrator dies once in between and adopts what still runs.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { job, openReeve, openTrace, server, writeTrace } from '../../src/index.ts';

const [path, phase, given] = process.argv.slice(2);
if (path === undefined) throw new Error('Name the file to write.');

const stateDir = given ?? mkdtempSync(join(tmpdir(), 'history-'));
const cwd = '/';
const units = [
  server({
    id: 'flaky',
    cwd,
    command: "sh -c 'echo up; sleep 0.1; echo down >&2; exit 3'",
    restart: { when: 'failure', max: 3, within: '60s', backoff: { initial: '50ms', max: '100ms' } },
  }),
  server({ id: 'steady', cwd, command: ['sleep', '600'], after: { flaky: 'running' }, onOrchestratorDeath: 'adopt' }),
];

if (phase === 'crash') {
  const reeve = await openReeve({ stateDir, units });
  await reeve.unit('steady').reached('running', { within: '30s' });
  process.kill(process.pid, 'SIGKILL');
}

const child = spawn(process.execPath, [import.meta.filename, path, 'crash', stateDir], { stdio: 'inherit' });
await once(child, 'exit');
{
  await using reeve = await openReeve({ stateDir, units });
  await reeve.unit('flaky').reached('settled', { within: '30s' });
  const retry = { max: 1, backoff: { initial: '50ms' } };
  await reeve.run(job({ id: 'build', cwd, command: "sh -c 'echo building; exit 7'", retry }));
  await reeve.unit('steady').stop();
}
const trace = await openTrace(stateDir);
const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
// Where it was recorded is nobody's business.
const redact = (text: string): string => text.replaceAll(stateDir, '/state').replaceAll(bootId, 'boot-1');
await writeTrace(trace, path, { redact });
trace.close();
rmSync(stateDir, { recursive: true, force: true });
