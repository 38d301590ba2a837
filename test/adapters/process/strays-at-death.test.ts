/** What a run leaves behind, when its orchestrator is killed with SIGKILL before that was swept up. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { conditionOf, identify } from '../../../src/adapters/system/identity.ts';
import type { ProcessIdentity } from '../../../src/machines/vocabulary.ts';
import { type Birth, type Host, startProgram } from '../../support/host.ts';
import { opened } from '../../support/opened.ts';
import { stateDirectory } from '../../support/state-directory.ts';

/** Leaves a grandchild in a session of its own that does not care for SIGTERM, and ends by it itself. */
const LEAVING = `
  setsid $AS sh -c 'trap "" TERM; exec sleep 1000' &
  echo $! >new; mv new stray
  trap 'exit 0' TERM; while :; do sleep 0.02; done`;

interface Place {
  readonly stateDir: string;
  readonly cwd: string;
}
const place = (): Place => ({ stateDir: stateDirectory(), cwd: stateDirectory() });

/** Runs one unit until it has left something, says so, and goes on with `then`. */
function host({ stateDir, cwd }: Place, then: string, as = '', birth: Birth = {}): Host {
  const unit = {
    ...{ id: 'web', command: LEAVING, cwd, env: { set: { AS: as } } },
    ...{ ready: { exec: ['test', '-e', 'stray'], every: '20ms' }, stop: { grace: '1s' }, restart: 'never' },
  };
  return startProgram(
    stateDir,
    `const units = [server(${JSON.stringify(unit)})];
     const reeve = await openReeve({ stateDir, units, onOrchestratorDeath: 'adopt' });
     const web = reeve.unit('web');
     ${then}`,
    birth,
  );
}
/** Ends it, and says when its leader is gone and the rest is given its grace. */
const ENDS_IT = `
  await web.reached('ready');
  reeve.observe(() => { if (web.status().substate === 'sweeping') console.log('sweeps'); });
  await web.stop();`;

const strayOf = ({ cwd }: Place): ProcessIdentity => identify(Number(readFileSync(join(cwd, 'stray'), 'utf8')))!;

/** Opens it again, and waits until that unit is at rest: what is left then, and how its run ended. */
async function reopened({ stateDir }: Place, stray: ProcessIdentity) {
  expect(conditionOf(stray)).toBe('running');
  const reeve = await opened({ stateDir });
  await expect.poll(() => reeve.unit('web').status().substate, { timeout: 15_000 }).toBe('settled');
  const outcomes = reeve
    .unit('web')
    .history()
    .map(({ outcome }) => [outcome?.kind, outcome?.code]);
  return { stray: conditionOf(stray), outcomes };
}

test('killed while they have their grace: the next orchestrator ends them', async () => {
  const here = place();
  const first = host(here, ENDS_IT);
  await first.said('sweeps');
  await first.end('SIGKILL');
  expect(await reopened(here, strayOf(here))).toEqual({ stray: 'gone', outcomes: [['stopped', 0]] });
});

test('killed when the exit was recorded, and before anybody was told to go: the next one ends them', async () => {
  const here = place();
  const dies = `
    reeve.observe(({ event }) => { if (event.type === 'run.exited') process.kill(process.pid, 'SIGKILL'); });`;
  const first = host(here, `${dies} ${ENDS_IT}`);
  expect(await first.ended).toEqual({ code: null, signal: 'SIGKILL' });
  expect(await reopened(here, strayOf(here))).toEqual({ stray: 'gone', outcomes: [['stopped', 0]] });
});

test('killed before the run ended: its end is recorded by the next one, which then ends them', async () => {
  const here = place();
  const first = host(here, `await web.reached('ready'); console.log('up', web.status().run.pid);`);
  const leader = identify(Number(await first.said('up ')))!;
  await first.end('SIGKILL');
  process.kill(leader.pid, 'SIGTERM');
  await expect.poll(() => conditionOf(leader)).toBe('gone');
  expect(await reopened(here, strayOf(here))).toEqual({ stray: 'gone', outcomes: [['finished', 0]] });
});

/** Root that may not signal others, and somebody else: the nearest thing to a process that outlives SIGKILL. */
const POWERLESS = ['setpriv', '--bounding-set=-kill', '--inh-caps=-kill'];
const SOMEBODY_ELSE = 'setpriv --reuid=65534 --clear-groups';

const canBePowerless = process.getuid?.() === 0 && existsSync('/usr/bin/setpriv');

test.runIf(canBePowerless)('who outlives even that is named, and the unit comes to rest', async () => {
  const here = place();
  const first = host(here, ENDS_IT, SOMEBODY_ELSE, { under: POWERLESS });
  await first.said('sweeps');
  await first.end('SIGKILL');
  const stray = strayOf(here);
  const rests = `
    reeve.observe(() => { if (web.status().substate === 'settled') console.log('why', web.status().why); });`;
  const second = host(here, rests, SOMEBODY_ELSE, { under: POWERLESS });
  expect(await second.said('why ')).toBe(`these would not end: ${stray.pid} (sleep 1000)`);
  expect(conditionOf(stray)).toBe('running');
  await second.end('SIGKILL');
});
