/** Each package has a home, so that it can be replaced there and nowhere else. */
import { builtinModules } from 'node:module';
import { type Import, importsOf, isCode, isOurs } from './imports.ts';
import { placeOf } from './layers.ts';
import type { Source } from './source.ts';

const HOMES: Readonly<Record<string, RegExp>> = {
  // The public API hands out real actors, so their type is part of it.
  xstate: /^src\/(?:machines|actors)\/|^src\/api\/types\.ts$/,
  'better-sqlite3': /^src\/store\//,
  execa: /^src\/adapters\/process\//,
  pino: /^src\/adapters\/log\//,
  chokidar: /^src\/adapters\/watch\//,
  picomatch: /^src\/adapters\/watch\//,
  commander: /^src\/adapters\/cli\//,
  jsonata: /^src\/api\/expression\.ts$/,
  yaml: /^src\/adapters\/(?:config|cli)\//,
};
/** Data, and no effects: what specs and errors are made of. */
const EFFECT_DATA = /^effect\/(Schema\w*|Data|Duration|Option|Result)$/;
/** A schema says its defaults as effects that are done already; that is all specs want of them. */
const EFFECT_HOME = /^src\/(?:adapters|actors\/interpreter|machines\/spec)\b/;
const EFFECT_UNSTABLE = /^effect\/unstable\//;
/** Machines do nothing, so they need nothing of the platform but arithmetic on bytes. */
const PURE_BUILTINS = ['node:assert', 'node:crypto'];

export function packagesAwayFromHome(sources: readonly Source[]): readonly string[] {
  return sources
    .filter(isCode)
    .flatMap(importsOf)
    .filter(({ file, specifier }) => file === null && !specifier.includes(':/'))
    .flatMap((found) => {
      const instead = faultOf(found);
      return instead === null ? [] : [`${found.from} imports ${found.specifier}: ${instead}`];
    });
}

function faultOf({ from, specifier }: Import): string | null {
  const isInside = isOurs({ path: from, text: '' });
  if (specifier === 'effect') return 'import a subpath (effect/Effect); the barrel costs 200 ms at every start';
  if (!isInside) return null;
  if (isBuiltin(specifier)) return builtinFault(from, specifier);
  if (specifier.startsWith('effect/')) return effectFault(from, specifier);
  const home = HOMES[packageOf(specifier)];
  if (!home) return 'it has no home in test/tidy/packages.ts; decide on one';
  return home.test(from) ? null : `its home is ${home.source}`;
}

function builtinFault(from: string, specifier: string): string | null {
  if (!specifier.startsWith('node:')) return 'write node: in front of it';
  if (placeOf(from) !== 'machines' || PURE_BUILTINS.includes(specifier)) return null;
  return 'machines are pure; make it a command, and do it in an adapter';
}

function effectFault(from: string, specifier: string): string | null {
  if (EFFECT_UNSTABLE.test(specifier)) {
    const isAllowed = placeOf(from) === 'driving' || from.startsWith('src/adapters/cluster/');
    return isAllowed ? null : 'unstable groups only in driving adapters and the cluster';
  }
  const isAllowed = EFFECT_DATA.test(specifier) || EFFECT_HOME.test(from);
  return isAllowed ? null : 'effects run in adapters and in the interpreter';
}

const isBuiltin = (specifier: string): boolean => specifier.startsWith('node:') || builtinModules.includes(specifier);

const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
