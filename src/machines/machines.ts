import { jobMachine, serverMachine, watcherMachine } from './life.ts';
import { supervisorMachine } from './supervisor.ts';

/** Every machine there is, by name. The machine of a unit is the one of its kind. */
export const machines = {
  server: serverMachine,
  job: jobMachine,
  watcher: watcherMachine,
  supervisor: supervisorMachine,
};
export type MachineName = keyof typeof machines;
