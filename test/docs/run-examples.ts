/** Runs the examples that it is given on stdin, one after the other, and prints what is not as they say. */
import { mkdtempSync, rmSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { inspect, isDeepStrictEqual } from 'node:util';
import type { Example } from './docstrings.ts';

type Check = (line: number, actual: unknown, expected: unknown) => void;
type Run = (...values: readonly unknown[]) => Promise<void>;
const AsyncFunction = (async () => {}).constructor as new (...names: readonly string[]) => Run;

const root = new URL('../../', import.meta.url);
const faults: string[] = [];
for (const example of JSON.parse(await text(process.stdin)) as readonly Example[]) await run(example);
console.log(JSON.stringify(faults));

/** An example sees what its reader sees: the public API, its own module, and a state directory that is its own. */
async function run({ path, line, code }: Example): Promise<void> {
  const stateDir = mkdtempSync(join(tmpdir(), 'example-'));
  const check: Check = (at, actual, expected) => {
    if (isDeepStrictEqual(actual, expected)) return;
    faults.push(`${path}:${at} is ${inspect(actual)}, not ${inspect(expected)}`);
  };
  try {
    const publicApi: object = await import(new URL('src/index.ts', root).href);
    const testing: object = await import(new URL('src/testing.ts', root).href);
    const own: object = await import(new URL(path, root).href);
    const scope = { ...testing, ...publicApi, ...own, stateDir, $check: check };
    await new AsyncFunction(...Object.keys(scope), withoutTypes(code))(...Object.values(scope));
  } catch (error) {
    faults.push(`${path}:${line} fails: ${error instanceof Error ? error.message : inspect(error)}`);
  } finally {
    rmSync(stateDir, { recursive: true, force: true });
  }
}

/** In a block of its own, so that an example may give its values the names of ours. */
function withoutTypes(code: string): string {
  const before = 'async()=>';
  return stripTypeScriptTypes(`${before}{${code}}`).slice(before.length);
}
