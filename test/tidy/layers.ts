/**
 * Imports point inwards: machines ← store ← actors ← driven adapters ← index ← driving adapters.
 *
 * Driven adapters implement ports; driving ones are clients of the public API, as anybody's program would be.
 */
import { type Import, importsOf, isCode, isOurs } from './imports.ts';
import type { Source } from './source.ts';

const DRIVING = ['cli', 'http', 'config', 'inspector', 'native-messaging', 'mcp'];

/** Our own source files that a file may import, by the place it is in. */
const ALLOWED: Readonly<Record<string, readonly RegExp[]>> = {
  machines: [/^src\/machines\//],
  store: [/^src\/(machines|store)\//],
  actors: [/^src\/(machines|store|actors)\//],
  // What the operating system says of processes and time is common ground for all of them.
  driven: [/^src\/machines\//, /^src\/actors\/ports\.ts$/, /^src\/adapters\/system\//],
  index: [new RegExp(`^src/(?!adapters/(${DRIVING.join('|')})/)`)],
  driving: [/^src\/index\.ts$/, new RegExp(`^src/adapters/(${DRIVING.join('|')})/`)],
};

export function outwardImports(sources: readonly Source[]): readonly string[] {
  return sources
    .filter((source) => isCode(source) && isOurs(source))
    .flatMap(importsOf)
    .filter(({ file }) => file?.startsWith('src/'))
    .filter((found) => !mayImport(found))
    .map(({ from, file }) => `${from} imports ${file}: ${placeOf(from)} may not`);
}

function mayImport({ from, file }: Import): boolean {
  const place = placeOf(from);
  const isNeighbour = place === 'driven' && file?.startsWith(`src/adapters/${adapterOf(from)}/`);
  return isNeighbour || (ALLOWED[place] ?? []).some((pattern) => pattern.test(file ?? ''));
}

/** `index` is everything that wires: `src/index.ts`, the other entries beside it, and `src/api/`. */
export function placeOf(path: string): string {
  const inner = /^src\/(machines|store|actors)\//.exec(path)?.[1];
  if (inner !== undefined) return inner;
  const adapter = adapterOf(path);
  if (adapter === undefined) return 'index';
  return DRIVING.includes(adapter) ? 'driving' : 'driven';
}

const adapterOf = (path: string): string | undefined => /^src\/adapters\/([^/]+)\//.exec(path)?.[1];
