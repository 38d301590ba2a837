import { accessSync, chmodSync, constants, existsSync, readdirSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { identify } from '../adapters/system/identity.ts';
import { problemOf } from '../machines/errors.ts';
import { holderOf } from '../store/lock.ts';
import { whatToHeal } from './heal-files.ts';
import { STORE_FILE } from './open.ts';

/** One thing that was looked at. */
export interface Check {
  readonly name: string;
  readonly status: 'pass' | 'warn' | 'fail';
  readonly detail: string;
  /** What to do about it; `''`: nothing. */
  readonly hint: string;
  /** It was not as it should be, and now is. */
  readonly fixed?: true;
}

const FREE_BYTES_MIN = 100 * 1024 * 1024;
const FILES_MIN = 1_024;
const WATCHES_MIN = 8_192;
const OTHERS = 0o077;

/**
 * Looks at what reeve needs of the machine and of a state directory. With `fix`, permissions that are too wide are
 * narrowed; nothing else is changed, and nothing is ended.
 */
export function diagnose(stateDir: string, { fix = false }: { readonly fix?: boolean } = {}): readonly Check[] {
  const isThere = existsSync(stateDir);
  return [
    proc(),
    setsid(),
    atLeast('open files', openFilesMax(), FILES_MIN, 'Raise it: `ulimit -n 4096`.'),
    atLeast('file watches', watchesMax(), WATCHES_MIN, 'Raise it: `sysctl fs.inotify.max_user_watches=65536`.'),
    diskSpace(isThere ? stateDir : nearestDirectory(stateDir)),
    ...(isThere ? [modes(stateDir, fix), holder(stateDir), database(stateDir)] : []),
  ];
}

const pass = (name: string, detail: string): Check => ({ name, status: 'pass', detail, hint: '' });

function proc(): Check {
  if (identify(process.pid)) return pass('/proc', 'processes can be told from each other');
  const hint = 'Mount /proc, without hidepid for this user.';
  return { name: '/proc', status: 'fail', detail: 'nobody can tell who a process is', hint };
}

function setsid(): Check {
  const found = (process.env.PATH ?? '').split(delimiter).find((directory) => isExecutable(join(directory, 'setsid')));
  if (found !== undefined) return pass('setsid', join(found, 'setsid'));
  const hint = 'Install util-linux: without it, what a command leaves behind is found by marker and descent alone.';
  return { name: 'setsid', status: 'warn', detail: 'it is not in the PATH', hint };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function atLeast(name: string, found: number, wanted: number, hint: string): Check {
  return found >= wanted
    ? pass(name, `${found}`)
    : { name, status: 'warn', detail: `${found}, less than ${wanted}`, hint };
}

const openFilesMax = (): number =>
  numberIn(/^Max open files\s+(\d+|unlimited)/m.exec(textOf('/proc/self/limits'))?.[1] ?? '');
const watchesMax = (): number => numberIn(textOf('/proc/sys/fs/inotify/max_user_watches').trim());
const numberIn = (text: string): number => (text === 'unlimited' ? Number.MAX_SAFE_INTEGER : Number(text));

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function diskSpace(directory: string): Check {
  const { bavail, bsize } = statfsSync(directory);
  const detail = `${Math.floor((bavail * bsize) / 1_048_576)} MB are free at ${directory}`;
  if (bavail * bsize >= FREE_BYTES_MIN) return pass('disk space', detail);
  return { name: 'disk space', status: 'warn', detail, hint: 'Make room: with none, nothing new is started.' };
}

const nearestDirectory = (path: string): string => (existsSync(path) ? path : nearestDirectory(dirname(path)));

function modes(stateDir: string, fix: boolean): Check {
  const paths = [stateDir, ...readdirSync(stateDir).map((name) => join(stateDir, name))];
  const wide = paths.filter((path) => !statSync(path).isSocket() && (statSync(path).mode & OTHERS) !== 0);
  if (wide.length === 0) return pass('permissions', 'for their owner alone');
  if (fix) for (const path of wide) chmodSync(path, statSync(path).mode & ~OTHERS & 0o777);
  if (fix) return { ...pass('permissions', `${wide.length} were too wide, and are not any more`), fixed: true };
  const hint = '`reeve doctor --fix` takes them away.';
  return { name: 'permissions', status: 'fail', detail: `others may use ${wide.join(', ')}`, hint };
}

function holder(stateDir: string): Check {
  const held = holderOf(stateDir);
  return pass('orchestrator', held ? `process ${held.pid}` : 'none');
}

/** Read as any other reader does: every state, and what is not as it should be. */
function database(stateDir: string): Check {
  if (!existsSync(join(stateDir, STORE_FILE))) return pass('database', 'none yet');
  try {
    const { scanned, actions } = whatToHeal(stateDir);
    if (actions.length === 0) return pass('database', `${scanned} units, all as recorded`);
    const detail = actions.map(({ unit, found }) => `${unit}: ${found}`).join('; ');
    return { name: 'database', status: 'warn', detail, hint: '`reeve heal`, or `reeve up` where nobody runs.' };
  } catch (error) {
    const { message, hint } = problemOf(error);
    return { name: 'database', status: 'fail', detail: message, hint };
  }
}
