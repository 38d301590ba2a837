import { expect, test } from 'vitest';
import type { Behaviour } from '../../../src/adapters/simulation/behaviour.ts';
import { simulatedClock } from '../../../src/adapters/simulation/clock.ts';
import { simulatedProbes } from '../../../src/adapters/simulation/probes.ts';
import { simulatedProcesses } from '../../../src/adapters/simulation/processes.ts';
import { aliveEvery, callFor, listener, probeFor, readyEvery, runOf } from './calls.ts';

function scene(api: Behaviour = {}) {
  const clock = simulatedClock();
  const { world, driver } = simulatedProcesses({ clock, behaviours: { api } });
  void driver().launch(callFor(runOf('api')));
  clock.flush();
  const heard = listener();
  const probes = simulatedProbes({ world, clock });
  void probes.connect(heard.report);
  return { clock, world, probes, heard };
}

test('a readiness probe passes once, as soon as it is asked after the process is ready, and then stops itself', () => {
  const { clock, probes, heard } = scene({ readyAfterMs: 450 });
  void probes.start(probeFor(runOf('api'), 'ready', readyEvery(200)));

  clock.advance(599);
  expect(heard.facts()).toEqual([{ type: 'probe.failed', generation: 1, probe: 'ready', detail: 'not ready yet' }]);

  clock.advance(60_000);
  expect(heard.said()).toEqual(['api probe.failed', 'api probe.passed']);
  expect(clock.pending()).toBe(0);
});

test('a liveness probe reports edges only: the first failure, enough of them, the recovery', () => {
  const { clock, world, probes, heard } = scene();
  void probes.start(probeFor(runOf('api'), 'alive', aliveEvery(1_000)));
  clock.advance(60_000);
  expect(heard.said()).toEqual([]);

  world.unhealthy('api');
  clock.advance(60_000);
  world.healthy('api');
  clock.advance(60_000);
  expect(heard.said()).toEqual(['api probe.failed', 'api probe.exhausted', 'api probe.passed']);
});

test('after it is stopped a probe asks and reports nothing', () => {
  const { clock, world, probes, heard } = scene();
  void probes.start(probeFor(runOf('api'), 'alive', aliveEvery(1_000)));
  clock.flush();
  world.unhealthy('api');
  void probes.stop(runOf('api'), 'alive');
  clock.advance(60_000);
  expect({ said: heard.said(), pending: clock.pending() }).toEqual({ said: [], pending: 0 });
});
