import { expect, test } from 'vitest';
import {
  decodeProject,
  decodeUnit,
  InvalidSpec,
  type JobSpec,
  printPath,
  type ServerSpec,
} from '../../../src/machines/spec.ts';

/** What every process is if its file says nothing else. */
const PROCESS = {
  after: {},
  group: null,
  idle: null,
  cwd: '.',
  env: { inherit: 'safe', set: {}, secrets: {} },
  ready: null,
  stop: { ask: null, signal: 'SIGTERM', grace: 5_000 },
  keepDescendants: false,
  onOrchestratorDeath: 'adopt',
  logs: { maxBytes: 52_428_800, keep: 3, split: false },
} as const;
const RESTART = {
  backoff: { initial: 200, factor: 2, max: 30_000 },
  max: 5,
  within: 60_000,
  stableAfter: 10_000,
} as const;

test('a server needs a command, and is given every default', () => {
  expect(decodeUnit({ id: 'api', command: 'node api.js' })).toEqual({
    ...PROCESS,
    id: 'api',
    kind: 'server',
    command: 'node api.js',
    port: null,
    alive: null,
    restart: { ...RESTART, when: 'failure' },
  } satisfies ServerSpec);
});

test('a job runs once unless retries are asked for', () => {
  expect(decodeUnit({ id: 'build', kind: 'job', command: ['make'] })).toEqual({
    ...PROCESS,
    id: 'build',
    kind: 'job',
    command: ['make'],
    timeout: null,
    queue: null,
    priority: 0,
    delay: 0,
    restart: { ...RESTART, when: 'never', max: 0, within: Number.MAX_SAFE_INTEGER },
  } satisfies JobSpec);
});

test('a watcher is always started again, and needs something to watch and something to do', () => {
  expect(decodeUnit({ id: 'w', kind: 'watcher', files: ['src/**'], then: { restart: ['api'] } })).toEqual({
    id: 'w',
    kind: 'watcher',
    after: {},
    group: null,
    idle: null,
    restart: { ...RESTART, when: 'always' },
    cwd: '.',
    files: ['src/**'],
    debounce: 100,
    then: { start: [], stop: [], restart: ['api'], run: [] },
  });
});

test('a readiness probe asks often and for half a minute, a liveness probe asks every second', () => {
  const unit = server({ ready: { tcp: 5555 }, alive: { http: 'http://localhost:5555/' } });
  expect({ ready: unit.ready, alive: unit.alive }).toEqual({
    ready: { every: 200, timeout: 1_000, within: 30_000, target: { tcp: 5555 } },
    alive: {
      every: 1_000,
      timeout: 1_000,
      failures: 3,
      target: { http: 'http://localhost:5555/', status: null, json: null },
    },
  });
});

test.each([
  [0, 0],
  [250, 250],
  ['250ms', 250],
  ['1.5s', 1_500],
  ['5 s', 5_000],
  ['10m', 600_000],
  ['1h', 3_600_000],
  ['2d', 172_800_000],
])('a grace of %j is %d milliseconds', (grace, ms) => {
  expect(server({ stop: { grace } }).stop.grace).toBe(ms);
});

test.each([
  ['failure', { ...RESTART, when: 'failure' }],
  [[75], { ...RESTART, when: [75] }],
  [{ max: 1 }, { ...RESTART, when: 'failure', max: 1 }],
  [{ when: 'never' }, { ...RESTART, when: 'never' }],
  [{ backoff: { max: '1m' } }, { ...RESTART, when: 'failure', backoff: { ...RESTART.backoff, max: 60_000 } }],
])('a restart policy of %j keeps the defaults it does not name', (restart, policy) => {
  expect(server({ restart }).restart).toEqual(policy);
});

test('the retries of a job are counted over its whole life', () => {
  const unit = decodeUnit({
    id: 'b',
    kind: 'job',
    command: 'x',
    retry: { max: 2, when: [75], backoff: { initial: '1s' } },
  });
  expect(unit.restart).toEqual({
    ...RESTART,
    when: [75],
    max: 2,
    within: Number.MAX_SAFE_INTEGER,
    backoff: { initial: 1_000, factor: 2, max: 30_000 },
  });
});

test('a whole project keeps the order of its units, and takes its groups', () => {
  const project = decodeProject({
    units: { db: { command: 'db', port: 5555 }, api: { command: 'api', after: { db: 'ready' }, group: 'backend' } },
    groups: { backend: { strategy: 'rest-for-one' } },
  });
  expect({ ...project, units: project.units.map(({ id, after, group }) => ({ id, after, group })) }).toEqual({
    name: 'project',
    units: [
      { id: 'db', after: {}, group: null },
      { id: 'api', after: { db: 'ready' }, group: 'backend' },
    ],
    groups: { backend: { strategy: 'rest-for-one' } },
    queues: {},
  });
});

test('who asks may set what the input leaves open, and the input wins', () => {
  const options = { defaults: { onOrchestratorDeath: { lease: 30_000 }, name: 'shop' } } as const;
  const units = { a: { command: 'x' }, b: { command: 'x', onOrchestratorDeath: 'adopt' } };
  const project = decodeProject({ units }, options);
  const policies = project.units.map((unit) => unit.kind !== 'watcher' && unit.onOrchestratorDeath);
  expect([project.name, ...policies]).toEqual(['shop', { lease: 30_000 }, 'adopt']);
  expect(decodeProject({ name: 'own', units }, options).name).toBe('own');
});

test.each([
  ['adopt', 'adopt'],
  ['stop', 'stop'],
  [{ lease: '30s' }, { lease: 30_000 }],
])('what becomes of a unit when its orchestrator dies may be %j', (onOrchestratorDeath, expected) => {
  expect(server({ onOrchestratorDeath }).onOrchestratorDeath).toEqual(expected);
});

test('who asks may leave it open what becomes of a unit when its orchestrator dies', () => {
  const options = { defaults: { onOrchestratorDeath: null } } as const;
  expect(decodeUnit({ id: 'a', command: 'x' }, options)).not.toHaveProperty('onOrchestratorDeath');
  expect(decodeUnit({ id: 'a', command: 'x', onOrchestratorDeath: 'stop' }, options)).toMatchObject({
    onOrchestratorDeath: 'stop',
  });
});

test('an option that a program leaves undefined is not given', () => {
  expect(server({ ready: undefined, stop: { grace: undefined } })).toEqual(server({}));
});

test.each([['pg_isready -q'], [['pg_isready', '-h', 'a b']]])('a probe may be the command %j', (exec) => {
  expect(server({ ready: { exec } }).ready?.target).toEqual({ exec });
  expect(server({ alive: { exec } }).alive?.target).toEqual({ exec });
});

test('a unit whose port is chosen for it can be asked there, by its port and by a path', () => {
  const unit = server({ port: 'auto', ready: { tcp: 'auto' }, alive: { http: '/health' } });
  expect([unit.port, unit.ready?.target, unit.alive?.target]).toEqual([
    'auto',
    { tcp: 'auto' },
    { http: '/health', status: null, json: null },
  ]);
});

test.each([[{ log: 'listening on \\d+' }], [{ file: 'run/up' }], [{ message: 'up' }], [{ message: '/^up/' }]])(
  'a probe may ask for %j',
  (target) => {
    expect([server({ ready: target }).ready?.target, server({ alive: target }).alive?.target]).toEqual([
      target,
      target,
    ]);
  },
);

test('what no driver can do yet is refused with its path, and nothing else of the full example is', () => {
  expect(notYet(FULL_EXAMPLE)).toEqual([
    'units.db.limits',
    'units.db.logs.maxBytes',
    'units.db.logs.keep',
    'units.db.logs.split',
    'units.build.notify',
    'units.nightly.schedule',
    'units.nightly.overlap',
    'units.nightly.missed',
  ]);
});

test('to be asked to stop by a message is a sound option without a driver', () => {
  expect(notYet({ units: { a: { command: 'x', stop: { ask: { message: 'drain' } } } } })).toEqual([
    'units.a.stop.ask.message',
  ]);
});

function server(options: object): ServerSpec {
  const unit = decodeUnit({ id: 'api', command: 'node api.js', ...options });
  if (unit.kind !== 'server') throw new Error('A unit without a kind is a server.');
  return unit;
}

/** The paths of the `NotYet` faults; fails if there is any other fault. */
function notYet(project: unknown): readonly string[] {
  try {
    decodeProject(project);
  } catch (error) {
    if (!(error instanceof InvalidSpec)) throw error;
    expect(error.faults.filter(({ code }) => code !== 'NotYet')).toEqual([]);
    return error.faults.map(({ path }) => printPath(path));
  }
  return [];
}

/** Every option once. */
const FULL_EXAMPLE = {
  name: 'shop',
  units: {
    db: {
      kind: 'server',
      command: ['node', 'db.js'],
      cwd: './db',
      env: { inherit: 'safe', set: { LOG: 'info' }, secrets: { DB_PASSWORD: { env: 'DB_PASSWORD' } } },
      port: 5555,
      ready: { tcp: 5555, every: '200ms', timeout: '1s', within: '30s' },
      alive: { http: 'http://127.0.0.1:5555/health', every: '5s', timeout: '1s', failures: 3 },
      stop: { ask: { exec: ['node', 'ctl.js', 'drain'] }, signal: 'SIGTERM', grace: '5s' },
      restart: {
        when: 'failure',
        backoff: { initial: '200ms', factor: 2, max: '30s' },
        max: 5,
        within: '60s',
        stableAfter: '10s',
      },
      idle: { after: '15m', then: 'report', activity: ['output', 'cpu', 'heartbeat', 'driver'] },
      onOrchestratorDeath: 'adopt',
      logs: { maxBytes: '50MB', keep: 3, split: false },
      limits: { memory: '512MB', cpu: '90%', for: '30s', then: 'restart' },
    },
    api: {
      command: 'node api.js',
      after: { db: 'ready' },
      group: 'backend',
      ready: { http: 'http://127.0.0.1:3000/health' },
    },
    build: {
      kind: 'job',
      command: 'npm run build',
      timeout: '10m',
      retry: { max: 2 },
      queue: 'builds',
      notify: { http: 'http://127.0.0.1:9000/hook' },
    },
    reload: { kind: 'watcher', files: ['src/**/*.ts'], debounce: '100ms', then: { restart: ['api'] } },
    nightly: { kind: 'watcher', schedule: '0 3 * * *', overlap: 'skip', missed: 'run-once', then: { run: ['build'] } },
  },
  groups: { backend: { strategy: 'rest-for-one' } },
  queues: { builds: { concurrency: 2 } },
};
