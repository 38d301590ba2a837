import * as Schema from 'effect/Schema';
import { refusal, show } from './fault.ts';
import { suggestion } from './nearest.ts';

/** Letters, digits, `.`, `_` and `-`, at most 64: fit for a file name, a URL and a shell without quoting. */
export const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/u;
const ID_HINT = 'use letters, digits, ".", "_" and "-", at most 64, and begin with a letter or digit';
const PORT_HINT = 'a port is a whole number from 1 to 65535';
const CODE_HINT = 'exit codes are whole numbers from 0 to 255';
const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/u;

/** Signals that may ask a process to stop. */
const STOP_SIGNALS = [
  'SIGTERM',
  'SIGINT',
  'SIGQUIT',
  'SIGHUP',
  'SIGKILL',
  'SIGABRT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGPIPE',
  'SIGWINCH',
] as const;

/** Variables that every command is given by us. */
const OURS: readonly string[] = ['REEVE_RUN', 'REEVE_MESSAGES'];

/** The id of a unit, a group or a queue. */
export const Id = text('a name', (id) =>
  ID.test(id) ? undefined : refusal(`${show(id)} is not a usable id`, ID_HINT),
);

export const StopSignal = text('a signal name such as SIGTERM', (name) => {
  if (STOP_SIGNALS.some((signal) => signal === name)) return undefined;
  const known = STOP_SIGNALS.find((signal) => signal === `SIG${name.toUpperCase()}`);
  const hint = known === undefined ? suggestion(name, STOP_SIGNALS) : `did you mean "${known}"?`;
  return refusal(
    `${show(name)} is not a signal that stops a process`,
    hint ?? `write one of ${STOP_SIGNALS.join(', ')}`,
  );
});

export const HttpUrl = text('a URL such as "http://127.0.0.1:3000/health"', whyNoHttpUrl);

function whyNoHttpUrl(url: string) {
  const hint = 'write it whole, such as "http://127.0.0.1:3000/health"';
  if (!URL.canParse(url)) return refusal(`${show(url)} is not a URL`, hint);
  const { protocol } = new URL(url);
  return /^https?:$/.test(protocol) ? undefined : refusal(`${show(url)} is not an http or https URL`, hint);
}

/** A URL, or the path of one: then it is asked of the unit's own port. */
export const HttpAddress = text('a URL such as "http://127.0.0.1:3000/health", or a path', (address) =>
  isPath(address) && URL.canParse(address, 'http://127.0.0.1') ? undefined : whyNoHttpUrl(address),
);

export const isPath = (address: string): boolean => /^\/(?!\/)/.test(address);

export const Pattern = text('a regular expression', (source) => whyNoRegExp(source));

/** The text of a message, or `/regex/`. */
export const Message = text('a text', (value) =>
  value.trim() === '' || /[\r\n]/.test(value)
    ? refusal(`${show(value)} is not a line`, 'write the line as it will be said, such as up, or /regex/')
    : (whyNul(value) ?? (asRegExp(value) === null ? undefined : whyNoRegExp(value.slice(1, -1)))),
);

/** What stands between the slashes of `/regex/`. `null`: it is a text. */
export const asRegExp = (text: string): string | null => /^\/(.+)\/$/.exec(text)?.[1] ?? null;

export const NonBlank = text('a text', (value) => (value.trim() === '' ? refusal('is empty') : whyNul(value)));

/** The system ends every text that it is given at the first NUL byte. */
export const whyNul = (value: string) => (value.includes('\0') ? refusal('has a NUL byte', NUL_HINT) : undefined);
const NUL_HINT = 'no program can be given one: leave it out, or encode it, as base64 for example';

export const Port = Schema.Finite.check(
  Schema.makeFilter((port) => (isWhole(port, 1, 65_535) ? undefined : refusal(`${port} is not a port`, PORT_HINT))),
).annotate({ expected: 'a port', hint: PORT_HINT });

export const PortOrAuto = Schema.Union([Port, Schema.Literal('auto')]).annotate({ expected: 'a port or auto' });

/** A whole number, 0 or more. */
export const Count = whole(0);
export const PositiveCount = whole(1);

export const ExitCode = Schema.Finite.check(
  Schema.makeFilter((code) => (isWhole(code, 0, 255) ? undefined : refusal(`${code} is not an exit code`, CODE_HINT))),
).annotate({ expected: 'an exit code', hint: CODE_HINT });

export const EnvName = text('the name of a variable', whyNoEnvName);

/** A map whose keys are names of environment variables. */
export function envRecord<Value extends Schema.Top>(value: Value) {
  return Schema.Record(Schema.String, value).check(
    Schema.makeFilter((record: object) =>
      Object.keys(record).flatMap((name) => {
        const issue = whyNoEnvName(name);
        return issue === undefined ? [] : [{ path: [name], issue }];
      }),
    ),
  );
}

export function whyNoRegExp(source: string) {
  try {
    new RegExp(source);
    return undefined;
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^Invalid regular expression: /, '') : '';
    return refusal(`${show(source)} is not a regular expression`, why);
  }
}

function whyNoEnvName(name: string) {
  if (OURS.includes(name)) return refusal(`${name} is set by reeve itself`, 'choose another name');
  // Nobody can be given this one: where it is assigned, in whatever object, it is no variable.
  if (ENV_NAME.test(name) && name !== '__proto__') return undefined;
  return refusal(`${show(name)} is not the name of a variable`, 'use letters, digits and "_", and begin with no digit');
}

function whole(minimum: number) {
  const expected = `a whole number of at least ${minimum}`;
  return Schema.Finite.check(
    Schema.makeFilter((value) =>
      isWhole(value, minimum, Number.MAX_SAFE_INTEGER) ? undefined : refusal(`${value} is not ${expected}`),
    ),
  ).annotate({ expected });
}

const isWhole = (value: number, minimum: number, maximum: number): boolean =>
  Number.isInteger(value) && value >= minimum && value <= maximum;

function text(expected: string, why: (value: string) => ReturnType<typeof refusal> | undefined) {
  return Schema.String.annotate({ expected }).check(Schema.makeFilter(why));
}
