import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { isFault, keptTraces, openTrace, type Trace } from '../../../index.ts';
import type { Context } from '../context.ts';
import { AmbiguousRef, BadUsage, NobodyRuns, UnknownRef } from '../errors.ts';

export interface HistoryOptions {
  readonly unit?: string;
  readonly allowDamaged?: boolean;
}

/** A history, and the unit of it that was asked for. */
export interface OpenHistory extends Disposable {
  readonly trace: Trace;
  /** `undefined`: all of them. */
  readonly unit: string | undefined;
}

/**
 * What `<ref|file>` means: a trace file, a state directory, `-` for a trace on standard input, or a unit in the state
 * of this project; nothing is all of the latter.
 *
 * @throws {NobodyRuns} Nothing was ever orchestrated here.
 */
export async function openHistory(
  context: Context,
  what: string | undefined,
  options: HistoryOptions,
): Promise<OpenHistory> {
  try {
    return await openNamed(context, what, options);
  } catch (error) {
    // Whoever renames a trace need not know that its name says what it is, as long as no unit is called so.
    const isMissing = error instanceof NobodyRuns || error instanceof UnknownRef;
    const file = isMissing && what !== undefined && pathOf(context, what) === null ? resolve(context.cwd, what) : '';
    if (!statSync(file, { throwIfNoEntry: false })?.isFile()) throw error;
    return openNamed(context, file, options);
  }
}

async function openNamed(
  context: Context,
  what: string | undefined,
  { unit, allowDamaged = false }: HistoryOptions,
): Promise<OpenHistory> {
  const path = what === undefined ? null : pathOf(context, what);
  if (path === null && what !== undefined && unit !== undefined) {
    throw new BadUsage({ what: `"${what}" and --unit both name a unit.`, hint: 'Give one of them, or a file.' });
  }
  const open = openTrace(path ?? context.stateDir, { allowDamaged });
  const trace = await open.catch((error: unknown) => {
    const isEmpty = !existsSync(context.stateDir) || (isFault(error) && error.code === 'StoreMissing');
    throw path === null && isEmpty ? new NobodyRuns(context) : error;
  });
  const close = (): void => trace.close();
  try {
    const ref = unit ?? (path === null ? what : undefined);
    return { trace, unit: ref === undefined ? undefined : unitIn(trace, ref), [Symbol.dispose]: close };
  } catch (error) {
    close();
    throw error;
  }
}

/** `null`: it is no path, so it is a unit. A name of a trace that was imported stands for that trace. */
function pathOf({ cwd, stateDir }: Context, what: string): string | null {
  if (what === '-') return '/dev/stdin';
  const isPath = what.includes('/') || /^\.{1,2}$|\.jsonl(?:\.gz)?$/.test(what);
  if (!isPath) return null;
  const path = resolve(cwd, what);
  if (existsSync(path)) return path;
  return keptTraces(stateDir).find(({ name }) => name === what)?.path ?? path;
}

/** @throws {UnknownRef | AmbiguousRef} */
export function unitIn(trace: Trace, ref: string): string {
  const known = trace.unitIds.filter((id) => id !== '');
  if (known.includes(ref)) return ref;
  const matches = known.filter((id) => ref !== '' && id.startsWith(ref));
  if (matches.length > 1) throw new AmbiguousRef({ ref, matches });
  if (matches[0] === undefined) throw new UnknownRef({ ref, known });
  return matches[0];
}
