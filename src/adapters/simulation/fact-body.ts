import type { Fact } from '../../machines/events.ts';

/** What happened, before anybody says to which generation. */
export type FactBody = WithoutGeneration<Fact>;
type WithoutGeneration<F> = F extends unknown ? Omit<F, 'generation'> : never;

/** A sign of life of a process, or of none. */
export type Saying = Extract<
  FactBody,
  { readonly type: 'run.progressed' | 'run.blocked' | 'activity.ceased' | 'activity.resumed' }
>;
