/**
 * `reeve/testing`: time, processes and faults as data, so that tests of what uses reeve need none of them.
 *
 * @packageDocumentation
 */
export type { Behaviour, Behaviours, Reaction } from './adapters/simulation/behaviour.ts';
export { type ClockSession, type SimulatedClock, simulatedClock } from './adapters/simulation/clock.ts';
export { type Fault, Faults, type Trouble, unreliableDriver, unreliableProbes } from './adapters/simulation/faults.ts';
export { simulatedProbes } from './adapters/simulation/probes.ts';
export { type SimulatedProcesses, simulatedProcesses } from './adapters/simulation/processes.ts';
export { type SimulatedWatches, simulatedWatches } from './adapters/simulation/watches.ts';
export type { World } from './adapters/simulation/world.ts';
export { assertReplays, ReplayDiverged } from './api/regression.ts';
export type { Asked, Wish } from './testing/asked.ts';
export { type Scenario, type Simulated, type StateChange, simulate } from './testing/simulate.ts';
export type { Disturbance, Happening, Request, Step } from './testing/steps.ts';
