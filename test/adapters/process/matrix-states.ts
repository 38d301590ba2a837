import { expect } from 'vitest';
import { UNIT } from './crashable.ts';
import { COMMAND, endUnseen, type Scene, type State, start, WORLDS } from './matrix-scenes.ts';

/** Asked for the first time it takes for ever; the second time, it ends the command. */
const ASK = `
  echo asked >>"$WITNESS"
  [ "$(grep -c asked "$WITNESS")" = 2 ] || exec sleep 1000
  read -r marker pid <"$WITNESS" && kill -TERM "$pid"`;

/** Left behind by the command, in a session of its own. Ends by the second SIGTERM. */
const STRAY = `
  trap 'trap "exit 0" TERM; echo heard >>"$WITNESS"' TERM
  echo stray >>"$WITNESS"
  while :; do sleep 0.02; done`;

export const STATES = {
  spawning: {
    async reach(scene, world) {
      scene.unit.interference.deaf = true;
      await start(scene, world, 'spawning/launching');
    },
  },
  'waiting-health': {
    spec: { ready: { tcp: 1, within: '60s' } },
    reach: (scene, world) => start(scene, world, 'waiting-health'),
  },
  running: { reach: (scene, world) => start(scene, world, 'running/healthy') },
  'idle-stalled': {
    // It says nothing after its first word, which is not for us.
    spec: { idle: { after: '50ms', activity: ['output'] } },
    async reach(scene, world) {
      await start(scene, world, 'running/healthy');
      await expect.poll(scene.unit.state, { timeout: 10_000 }).toBe('idle-stalled');
    },
  },
  'stopping/asking': {
    spec: { stop: { ask: { exec: ['/bin/sh', '-c', ASK] }, grace: '60s' } },
    async reach(scene, world) {
      await start(scene, world, 'running/healthy');
      askToStop(scene);
      await expect.poll(() => scene.said('asked'), { timeout: 10_000 }).toBe(true);
      expect(scene.unit.state()).toBe('stopping/asking');
    },
  },
  'stopping/terminating': {
    spec: { env: { PATIENT: 'yes' }, stop: { grace: '60s' } },
    async reach(scene, world) {
      await start(scene, world, 'running/healthy');
      askToStop(scene);
      await expect.poll(() => scene.said('heard'), { timeout: 10_000 }).toBe(true);
      expect(scene.unit.state()).toBe('stopping/terminating');
    },
  },
  'stopping/killing': {
    spec: { env: { PATIENT: 'yes' }, stop: { grace: '10ms' } },
    async reach(scene, world) {
      await start(scene, world, 'running/healthy');
      scene.unit.interference.gentle = true;
      askToStop(scene);
      await expect.poll(() => scene.said('heard'), { timeout: 10_000 }).toBe(true);
      await expect.poll(scene.unit.state).toBe('stopping/killing');
    },
  },
  'stopping/sweeping': {
    spec: { command: `setsid sh -c "$STRAY" &${COMMAND}`, env: { STRAY }, stop: { grace: '60s' } },
    async reach(scene, world) {
      await start(scene, world, 'running/healthy');
      await expect.poll(() => scene.said('stray'), { timeout: 10_000 }).toBe(true);
      if (world === WORLDS['it ended without a record']) await endUnseen(scene);
      else askToStop(scene);
      await expect.poll(() => scene.said('heard'), { timeout: 10_000 }).toBe(true);
      expect(scene.unit.state()).toBe('stopping/sweeping');
    },
  },
  backoff: {
    spec: { restart: { when: 'failure', backoff: { initial: '60s', max: '60s' } } },
    async reach(scene, world) {
      await start(scene, world, 'running/healthy');
      if (world === WORLDS['it ended without a record']) await endUnseen(scene);
      else process.kill(scene.launches()[0]!.pid, 'SIGUSR1');
      await expect.poll(scene.unit.state, { timeout: 10_000 }).toBe('reaped/backoff');
    },
  },
} satisfies Record<string, State>;

function askToStop({ unit }: Scene): void {
  unit.orchestrator.request(UNIT, 'stop.requested', 'test').catch(() => {});
}
