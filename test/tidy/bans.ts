import { executed, lineOf, type Source, withoutComments } from './source.ts';

interface Ban {
  readonly what: string;
  readonly pattern: RegExp;
  readonly where: RegExp;
  /** What of the text is looked at. */
  readonly view: (text: string) => string;
  readonly instead: string;
}

const CORE = /^src\/(machines|store|actors)\/.*\.ts$/;
/** Fixtures are programs that take their time; the support of tests owns the wait with a deadline. */
const WAITING_TESTS = /^test\/(?!fixtures\/|support\/).*\.ts$/;
const DEADLINE_WAIT = 'the simulated clock, or wait for an event with a deadline (test/support)';
const CODE = /\.ts$/;
const asItIs = (text: string): string => text;

const BANS: readonly Ban[] = [
  {
    what: 'the time, or chance',
    pattern: /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bperformance\.now\b|\bprocess\.hrtime\b|\brandomUUID\b/g,
    where: CORE,
    view: executed,
    instead: 'the injected clock; chance is decided outside and arrives in the input',
  },
  {
    what: 'a timer of its own',
    pattern: /(?<![\w.])(?:globalThis\.)?(?:setTimeout|setInterval|setImmediate)\(/g,
    where: CORE,
    view: executed,
    instead: 'the command `startTimer` in machines, the injected clock elsewhere',
  },
  {
    what: 'waiting for time to pass',
    pattern: /(?<![\w.])(?:globalThis\.)?(?:setTimeout|setInterval)\(/g,
    where: WAITING_TESTS,
    view: executed,
    instead: DEADLINE_WAIT,
  },
  {
    what: 'waiting for time to pass',
    pattern: /^import .* from 'node:timers\/promises'/gm,
    where: WAITING_TESTS,
    view: withoutComments,
    instead: DEADLINE_WAIT,
  },
  {
    what: '`after` or `invoke` in a machine',
    pattern: /^[ \t]*(?:after|invoke): [{[]/gm,
    where: /^src\/machines\/.*\.ts$/,
    view: executed,
    instead: '`startTimer` and `timer.*`, or a command: XState restores neither',
  },
  {
    what: 'console',
    pattern: /\bconsole\./g,
    where: /^src\/(?!adapters\/cli\/).*\.ts$/,
    view: executed,
    instead: 'the injected log',
  },
  {
    what: 'a test that hides others, or itself',
    pattern: /\b(?:test|it|describe)\.(?:only|skip|todo)\(/g,
    where: CODE,
    view: executed,
    instead: 'a test that runs; `skipIf` with a reason for what a platform cannot do',
  },
  {
    what: 'a promise to do it later',
    pattern: new RegExp(['TO', 'DO|FIX', 'ME|X', 'XX'].join('').replace(/\w+/g, '\\b$&\\b'), 'g'),
    where: CODE,
    view: asItIs,
    instead: 'do it, or decide against it',
  },
  {
    what: 'an escape from the types',
    pattern: /\bas any\b|:\s*any\b(?!\w)/g,
    where: CODE,
    view: executed,
    instead: '`unknown`, and look at what it is',
  },
  {
    what: 'a silenced check',
    pattern: new RegExp(['@ts-', '(?:ignore|nocheck)'].join(''), 'g'),
    where: CODE,
    view: asItIs,
    instead: 'the right type; `@ts-expect-error` with a reason where a test needs it',
  },
];

export function banned(sources: readonly Source[]): readonly string[] {
  return BANS.flatMap(({ what, pattern, where, view, instead }) =>
    sources
      .filter(({ path }) => where.test(path))
      .flatMap(({ path, text }) => {
        const seen = view(text);
        return [...seen.matchAll(pattern)].map(
          ({ index }) => `${path}:${lineOf(seen, index)} has ${what}; instead: ${instead}`,
        );
      }),
  );
}
