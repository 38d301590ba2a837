/**
 * `reeve/testing`: time and processes as data, so that tests of what uses reeve need neither.
 *
 * @packageDocumentation
 */
export type { Behaviour, Behaviours, Reaction } from './adapters/simulation/behaviour.ts';
export { type ClockSession, type SimulatedClock, simulatedClock } from './adapters/simulation/clock.ts';
export { simulatedProbes } from './adapters/simulation/probes.ts';
export { type SimulatedProcesses, simulatedProcesses } from './adapters/simulation/processes.ts';
export type { World } from './adapters/simulation/world.ts';
