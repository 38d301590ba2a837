import { AsyncLocalStorage } from 'node:async_hooks';
import type { UnitId } from '../../machines/vocabulary.ts';
import type { JobFunction } from './function.ts';

/** A function, and where it was given: what it stores in its asynchronous context it finds there again. */
export interface GivenFunction {
  readonly run: JobFunction;
  readonly within: <T>(run: () => T) => T;
}

/** The functions that this program has given, by unit. The newest counts, from the next run on. */
export type GivenFunctions = Map<UnitId, GivenFunction>;

export const givenHere = (run: JobFunction): GivenFunction => ({ run, within: AsyncLocalStorage.snapshot() });
