import { resolve } from 'node:path';
import type { DriverCall } from '../../actors/ports.ts';
import { initialEnvironment } from '../system/process-table.ts';
import { readEnvFiles } from './env-file.ts';
import type { BaseEnvironment, ProgramSpec } from './environment.ts';
import { SecretNotAvailable } from './errors.ts';
import { readTextFile } from './text-file.ts';

/** Is told every secret, before anything can be said about it. */
export interface SecretKeeper {
  add(value: string): void;
}

/** Shorter ones would be hidden in every second word, and are guessed at once anyway. */
const SECRET_CHARS_MIN = 4;

/**
 * The values of a unit's secrets, for one launch: from the unit's own `env.file` or else our environment, or from files
 * that hold nothing else, without one newline at the end.
 *
 * They go into the environment of the command, and nowhere else. What the command does with them is its own: its output
 * is kept as it was printed.
 *
 * @throws {SecretNotAvailable | EnvFileNotUsable | LaunchRefused}
 */
export function resolveSecrets(
  spec: ProgramSpec,
  base: BaseEnvironment,
  keeper?: SecretKeeper,
  files = readEnvFiles(spec),
): Record<string, string> {
  const { env, cwd } = spec;
  const known = { ...base, ...files };
  return Object.fromEntries(
    Object.entries(env.secrets).map(([name, source]) => {
      const from = 'env' in source ? source : { file: resolve(cwd, source.file) };
      const value = 'env' in from ? variable(name, from.env, known) : contentOf(name, from.file);
      // Node would refuse the whole launch, with the value in its words.
      if (value.includes('\0')) throw new SecretNotAvailable({ name, source: from, why: 'it is not text' });
      keep(value, keeper);
      return [name, value];
    }),
  );
}

/**
 * Tells the secrets of a run that was launched before us. Read from the run itself: their sources may have changed.
 *
 * Should its pid be a stranger's by now, a word too many is hidden.
 */
export function recallSecrets({ run, spec }: DriverCall, keeper?: SecretKeeper): void {
  const names = Object.keys((spec as ProgramSpec).env.secrets);
  if (names.length === 0 || !run.handle?.pid) return;
  for (const entry of initialEnvironment(run.handle.pid)) {
    const end = entry.indexOf('=');
    if (names.includes(entry.slice(0, end))) keep(entry.slice(end + 1), keeper);
  }
}

function keep(value: string, keeper?: SecretKeeper): void {
  if (value.length >= SECRET_CHARS_MIN) keeper?.add(value);
}

function variable(name: string, env: string, base: BaseEnvironment): string {
  const value = Object.hasOwn(base, env) ? base[env] : undefined;
  if (value === undefined) throw new SecretNotAvailable({ name, source: { env }, why: 'it is not set' });
  return value;
}

function contentOf(name: string, file: string): string {
  const refuse = (why: SecretNotAvailable['why']) => new SecretNotAvailable({ name, source: { file }, why });
  return readTextFile(file, `read the secret ${name}`, refuse).replace(/\r?\n$/, '');
}
