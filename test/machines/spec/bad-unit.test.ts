import { expect, test } from 'vitest';
import { decodeUnit, InvalidSpec, printFault } from '../../../src/machines/spec.ts';

const server = (options: object) => ({ id: 'api', command: 'node api.js', ...options });
const job = (options: object) => ({ id: 'build', kind: 'job', command: 'make', ...options });
const watcher = (options: object) => ({
  id: 'reload',
  kind: 'watcher',
  files: ['src'],
  then: { run: ['b'] },
  ...options,
});

const ID = 'use letters, digits, ".", "_" and "-", at most 64, and begin with a letter or digit';
const ENV_NAME = 'use letters, digits and "_", and begin with no digit';
const NUL = 'no program can be given one: leave it out, or encode it, as base64 for example';
const DURATION = 'write milliseconds, or a text such as "250ms", "5s", "10m", "1h"';
const COMMAND = 'write a text for the shell, or a list such as [node, api.js]';
const OWN_PORT = 'asks the port of the unit, which has none; give the unit port: auto, or a number';
const URL_HINT = 'write it whole, such as "http://127.0.0.1:3000/health"';

const CASES: readonly (readonly [unit: unknown, ...words: string[]])[] = [
  // The unit itself.
  [null, 'is empty, and should be a map'],
  [['a'], 'a list is not a map'],
  [{ command: 'x' }, 'id: must be a text; give the unit a name, such as id: "api"'],
  [server({ id: 'a b' }), `id: "a b" is not a usable id; ${ID}`],
  [server({ id: '' }), `id: "" is not a usable id; ${ID}`],
  [server({ kind: 'sever' }), 'kind: "sever" is not server, job or watcher; did you mean "server"?'],
  [server({ kind: null }), 'kind: is empty, and should be server, job or watcher'],
  [
    { id: 'a', kind: 'wacher', files: 1, then: { restart: 'b' } },
    'kind: "wacher" is not server, job or watcher; did you mean "watcher"?',
    'files: 1 is not a list of patterns; write a list such as ["src/**/*.ts"]',
    'then.restart: "b" is not a list of units; write a list such as [api]',
  ],
  // Options that are not there.
  [server({ comand: 'x' }), 'comand: there is no option "comand"; did you mean "command"?'],
  [server({ depends_on: {} }), 'depends_on: there is no option "depends_on"; it is called "after" here'],
  [server({ stop: { graec: 1 } }), 'stop.graec: there is no option "graec"; did you mean "grace"?'],
  [server({ stop: { xyz: 1 } }), 'stop.xyz: there is no option "xyz"; the options here are ask, signal, grace'],
  [server({ timeout: '1m' }), 'timeout: a server has no "timeout"; a job has'],
  [job({ restart: 'always' }), 'restart: a job has no "restart"; a job has retry, such as { max: 2 }'],
  [job({ alive: { tcp: 1 } }), 'alive: a job has no "alive"; a server has'],
  [watcher({ command: 'x' }), 'command: a watcher has no "command"; a server or a job has'],
  // Commands.
  [{ id: 'a' }, 'command: command is missing'],
  [server({ command: '  ' }), `command: is empty; ${COMMAND}`],
  [server({ command: [] }), `command: is empty; ${COMMAND}`],
  [server({ command: ['', 'x'] }), `command[0]: the program is empty; ${COMMAND}`],
  [server({ command: ['node', 1] }), 'command[1]: 1 is not a text'],
  [server({ command: 7 }), `command: 7 is not a command; ${COMMAND}`],
  [server({ cwd: '' }), 'cwd: is empty'],
  [
    server({ env: { set: JSON.parse('{"__proto__":"x"}') } }),
    `env.set.__proto__: "__proto__" is not the name of a variable; ${ENV_NAME}`,
  ],
  [server({ command: 'a\0b' }), `command: has a NUL byte; ${NUL}`],
  [server({ command: ['a', '\0'] }), `command[1]: has a NUL byte; ${NUL}`],
  [server({ cwd: '\0' }), `cwd: has a NUL byte; ${NUL}`],
  [server({ env: { set: { A: '\0' } } }), `env.set.A: has a NUL byte; ${NUL}`],
  // Durations.
  [server({ stop: { grace: '5 sec' } }), `stop.grace: "5 sec" is not a duration; ${DURATION}`],
  [server({ stop: { grace: -1 } }), `stop.grace: -1 is negative; ${DURATION}`],
  [server({ stop: { grace: true } }), `stop.grace: true is not a duration; ${DURATION}`],
  [server({ stop: { grace: Number.NaN } }), `stop.grace: NaN is not a duration; ${DURATION}`],
  [job({ timeout: 0 }), 'timeout: 0 is too small; it must be more than 0'],
  [job({ timeout: '5y' }), `timeout: "5y" is not a duration; ${DURATION}`],
  [watcher({ debounce: null }), 'debounce: is empty, and should be a duration'],
  // Environment: values are never shown.
  [server({ env: { set: { PORT: 3000 } } }), 'env.set.PORT: a number is not a text; put the value in quotes'],
  [server({ env: 'hunter2' }), 'env: a text is not a map'],
  [server({ env: { set: { '1A': 'x' } } }), `env.set.1A: "1A" is not the name of a variable; ${ENV_NAME}`],
  [
    server({ env: { set: { REEVE_RUN: 'x' } } }),
    'env.set.REEVE_RUN: REEVE_RUN is set by reeve itself; choose another name',
  ],
  [
    server({ env: { set: { REEVE_MESSAGES: 'x' } } }),
    'env.set.REEVE_MESSAGES: REEVE_MESSAGES is set by reeve itself; choose another name',
  ],
  [server({ env: { inherit: 'some' } }), 'env.inherit: a text is not safe, all, none or a list of names'],
  [server({ env: { file: 7 } }), 'env.file: a number is not a file or a list of files'],
  [server({ env: { file: [''] } }), 'env.file[0]: is empty'],
  [server({ env: { unset: 'HOME' } }), 'env.unset: a text is not a list of names; write [NAME]'],
  [
    server({ env: { unset: ['A', 'B'], set: { B: '1' } } }),
    'env.unset[1]: is in env.set too; leave one of the two out',
  ],
  // Probes.
  [server({ ready: { message: '/(/' } }), 'ready.message: "(" is not a regular expression; /(/: Unterminated group'],
  [
    server({ ready: { message: 'a\nb' } }),
    'ready.message: "a\\nb" is not a line; write the line as it will be said, such as up, or /regex/',
  ],
  [server({ ready: {} }), 'ready: asks nothing; give tcp, http, exec, log, file or message, such as { tcp: 5432 }'],
  [server({ ready: { tcp: 1, http: 'http://a' } }), 'ready: asks 2 things: tcp, http; give one of them'],
  [
    server({ ready: { tcp: 1, status: 200 } }),
    'ready.status: status is about an http answer, and this probe asks none',
  ],
  [server({ ready: { tcp: 65_536 } }), 'ready.tcp: 65536 is not a port; a port is a whole number from 1 to 65535'],
  [server({ ready: { tcp: '80' } }), 'ready.tcp: "80" is not a port or auto'],
  [server({ ready: { http: 'health' } }), `ready.http: "health" is not a URL; ${URL_HINT}`],
  [server({ ready: { http: '//host/health' } }), `ready.http: "//host/health" is not a URL; ${URL_HINT}`],
  [server({ ready: { http: '/health' } }), `ready.http: ${OWN_PORT}`],
  [server({ alive: { tcp: 'auto' } }), `alive.tcp: ${OWN_PORT}`],
  [server({ stop: { ask: { http: '/drain' } } }), `stop.ask.http: ${OWN_PORT}`],
  [job({ ready: { tcp: 'auto' } }), `ready.tcp: ${OWN_PORT}`],
  [
    server({ ready: { log: 'up', within: '10s', atMost: '5s' } }),
    'ready.atMost: is shorter than within (10000 ms); within counts from the last progress, atMost in all',
  ],
  [server({ ready: { http: 'ftp://u:pw@h/' } }), `ready.http: "ftp://…@h/" is not an http or https URL; ${URL_HINT}`],
  [server({ ready: { tcp: 1, every: 0 } }), 'ready.every: 0 is too small; it must be more than 0'],
  [server({ alive: { tcp: 1, failures: 0 } }), 'alive.failures: 0 is not a whole number of at least 1'],
  [server({ port: 0 }), 'port: 0 is not a port; a port is a whole number from 1 to 65535'],
  [server({ port: 'autoo' }), 'port: "autoo" is not a port or auto; did you mean "auto"?'],
  // The end of a run, and what follows.
  [
    server({ stop: { signal: 'TERM' } }),
    'stop.signal: "TERM" is not a signal that stops a process; did you mean "SIGTERM"?',
  ],
  [
    server({ restart: 'sometimes' }),
    'restart: "sometimes" is not always, failure, never, a list of exit codes or a map',
  ],
  [
    server({ restart: 'alway' }),
    'restart: "alway" is not always, failure, never, a list of exit codes or a map; did you mean "always"?',
  ],
  [server({ restart: [256] }), 'restart[0]: 256 is not an exit code; exit codes are whole numbers from 0 to 255'],
  [
    server({ restart: { when: 'failure', maximum: 3 } }),
    'restart.maximum: there is no option "maximum"; the options here are backoff, max, within, stableAfter, when',
  ],
  [server({ restart: { max: 1.5 } }), 'restart.max: 1.5 is not a whole number of at least 0'],
  [
    server({ restart: { backoff: { factor: 0.5 } } }),
    'restart.backoff.factor: 0.5 would shrink the wait; write 1 or more',
  ],
  [
    server({ restart: { backoff: { initial: '1m' } } }),
    'restart.backoff.max: the longest wait (30000 ms) is shorter than the first (60000 ms)',
  ],
  [job({ retry: 2 }), 'retry: 2 is not a map such as { max: 2 }'],
  [job({ retry: { max: -1 } }), 'retry.max: -1 is not a whole number of at least 0'],
  // Other units.
  [server({ after: ['db'] }), 'after: a list is not a map; write { db: ready }'],
  [
    server({ after: { db: 'redy' } }),
    'after.db: "redy" is not running, ready, finished, reaped or "log:/…/"; did you mean "ready"?',
  ],
  [server({ after: { api: 'ready' } }), 'after.api: waits in a circle: api → api; take one of them out'],
  [server({ group: 'a/b' }), `group: "a/b" is not a usable id; ${ID}`],
  // Watchers.
  [watcher({ files: 'src' }), 'files: "src" is not a list of patterns; write a list such as ["src/**/*.ts"]'],
  [watcher({ files: [] }), 'watches nothing; give files, such as ["src/**/*.ts"]'],
  [watcher({ then: {} }), 'then: does nothing; say what follows, such as { restart: [api] }'],
  [watcher({ then: { restart: 'api' } }), 'then.restart: "api" is not a list of units; write a list such as [api]'],
  [server({ onOrchestratorDeath: { lease: 'x' } }), `onOrchestratorDeath.lease: "x" is not a duration; ${DURATION}`],
  [server({ onOrchestratorDeath: 'die' }), 'onOrchestratorDeath: "die" is not adopt, stop or { lease: 30s }'],
  // What is checked although no driver takes it yet.
  [
    server({ limits: { memory: '1 elephant' } }),
    'limits.memory: "1 elephant" is not a size; write bytes, or a text such as "20KB", "50MB", "1GB"',
    'limits: reeve cannot do this yet; leave it out',
  ],
  [server({ ready: { log: '(' } }), 'ready.log: "(" is not a regular expression; /(/: Unterminated group'],
  [server({ after: { db: 'log:/(/' } }), 'after.db: "(" is not a regular expression; /(/: Unterminated group'],
];

test.each(CASES)('of the unit %j it is said what is wrong', (unit, ...words) => {
  expect(faultsOf(unit)).toEqual(words);
});

test('every fault of a unit is reported at once, also inside what has another fault', () => {
  const unit = server({
    comand: 'x',
    stop: { grace: '5 sec', signl: 'SIGINT', signal: 'INT' },
    ready: { htp: 'x', every: 0 },
  });
  expect(faultsOf(unit)).toEqual([
    'comand: there is no option "comand"; did you mean "command"?',
    'ready.htp: there is no option "htp"; did you mean "http"?',
    'ready.every: 0 is too small; it must be more than 0',
    'stop.signl: there is no option "signl"; did you mean "signal"?',
    'stop.signal: "INT" is not a signal that stops a process; did you mean "SIGINT"?',
    `stop.grace: "5 sec" is not a duration; ${DURATION}`,
  ]);
});

function faultsOf(unit: unknown): readonly string[] {
  try {
    decodeUnit(unit);
  } catch (error) {
    if (error instanceof InvalidSpec) return error.faults.map(printFault);
    throw error;
  }
  return [];
}
