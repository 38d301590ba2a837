import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { LAUNCH_SCRIPT } from '../../../src/adapters/process/launch-script.ts';
import { closeRigs, openRig, type Rig } from './rig.ts';

afterEach(closeRigs);

/** Whoever runs this line is killed: a subshell by its own pid, which `$$` is not. */
const DIE = `read -r DEAD </proc/self/stat; kill -KILL "\${DEAD%% *}"`;

/**
 * A launcher that is killed after each of its steps, in order, and what is true of the run then.
 *
 * [the line it dies after, what the run is, whether the command has acted]
 */
const LAUNCHER_DIES_AFTER: readonly (readonly [line: string, is: string, acted: boolean])[] = [
  ['trap : HUP INT QUIT TERM USR1 USR2 ALRM PIPE TSTP TTIN TTOU', 'revoked', false],
  ['exec 4>&2 2>&3', 'revoked', false],
  ['set -C', 'revoked', false],
  // From here on the run is the launcher's, and it is known that its command never began.
  ['true >"$2/claim" || exit 125', 'revoked', false],
  ['set +C', 'revoked', false],
  ['self launcher >&3 || exit 125', 'revoked', false],
  ['(', 'revoked', false],
  // The child has said who it is: it counts as a run, and as one that was killed.
  ['  self child >&3 || exit 125', 'ended', false],
  ['  umask "$1"', 'ended', false],
  ['  [ -z "$4" ] || ulimit -Sn "$4"', 'ended', false],
  ['  export REEVE_RUN="$3"', 'ended', false],
  ['  shift 4', 'ended', false],
  // It acted. Until the last line is written, nobody can say how it ended; but nobody starts it again.
  [')', 'lost', true],
  ['REEVE_STATUS=$?', 'lost', true],
  ['read -r REEVE_UPTIME REEVE_IDLE </proc/uptime', 'lost', true],
  ['printf \'exit %s %s\\n\' "$REEVE_STATUS" "$REEVE_UPTIME" >&3', 'ended', true],
];

/** Puts another launcher in the place of the one that the driver has installed. */
function replaceLauncher(rig: Rig, text: string): void {
  const directory = join(rig.stateDir, 'bin');
  const name = readdirSync(directory).find((one) => one.startsWith('launch-')) ?? '';
  writeFileSync(join(directory, name), text);
}

const dyingAfter = (line: string): string => {
  const lines = LAUNCH_SCRIPT.split('\n');
  expect(lines).toContain(line);
  return lines.flatMap((one) => (one === line ? [one, DIE] : [one])).join('\n');
};

describe('a launcher that is killed', () => {
  test.each(LAUNCHER_DIES_AFTER)('after `%s`: the run is %s, and it has acted: %s', async (line, is, acted) => {
    const rig = await openRig();
    replaceLauncher(rig, dyingAfter(line));
    const witness = join(rig.stateDir, 'witness');
    const call = rig.call({ kind: 'job', command: ['sh', '-c', `echo acted >>${witness}; exit 7`] });
    await rig.driver.launch(call);
    await rig.over(call);

    const later = await rig.reopen();
    const sighting = await later.driver.sight(call.run);
    expect([sighting.is, existsSync(witness)]).toEqual([is, acted]);
    if (acted) expect(readFileSync(witness, 'utf8')).toBe('acted\n');
    if (sighting.is === 'ended') expect(sighting.exit).toMatchObject(acted ? { code: 7 } : { signal: 'SIGKILL' });
    // What was taken back stays so, whoever asks again.
    expect((await later.driver.sight(call.run)).is).toBe(is);
  });

  test('has no step that the table leaves out', () => {
    const steps = LAUNCH_SCRIPT.split('\n').slice(LAUNCH_SCRIPT.split('\n').indexOf('exec 4>&2 2>&3'));
    const known = new Set([...LAUNCHER_DIES_AFTER.map(([line]) => line), ...HARMLESS]);
    expect(steps.filter((line) => line !== '' && !known.has(line))).toEqual([]);
  });
});

/** Steps that change nothing which anybody else could see, or after which there is no launcher any more. */
const HARMLESS = ['umask 077', '  exec "$@" 2>&4 3>&- 4>&-', 'exit "$REEVE_STATUS"'];

describe('an orchestrator that is killed', () => {
  test('after its commit and before it did anything: the launch is taken back', async () => {
    const rig = await openRig();
    const call = rig.call({ kind: 'job', command: ['true'] });
    expect((await rig.driver.sight(call.run)).is).toBe('revoked');
  });

  test('after it made the run directory and before the spawn: taken back, also for a late launcher', async () => {
    const rig = await openRig();
    replaceLauncher(rig, '# The orchestrator died here: nobody launches.\n');
    const witness = join(rig.stateDir, 'witness');
    const call = rig.call({ kind: 'job', command: ['sh', '-c', `echo acted >>${witness}`] });
    await rig.driver.launch(call);
    await rig.over(call);
    const later = await rig.reopen();
    expect((await later.driver.sight(call.run)).is).toBe('revoked');
    // A launcher that was held up by the machine comes now, and finds that the run is not its own.
    replaceLauncher(later, LAUNCH_SCRIPT);
    await later.driver.launch({ ...call, key: 'again' });
    await later.fact('run.revoked', call);
    expect(existsSync(witness)).toBe(false);
  });
});
