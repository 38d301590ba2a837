import { expect, test } from 'vitest';
import { decodeProject, encodeProject, type ProjectInput, projectJsonSchema } from '../../../src/machines/spec.ts';

const INPUT = {
  name: 'shop',
  units: {
    db: {
      command: ['node', 'db.js'],
      port: 'auto',
      ready: { tcp: 'auto', within: '1m', atMost: '5m' },
      restart: 'always',
      env: { inherit: ['HOME'], file: ['.env'], unset: ['DEBUG'] },
    },
    api: {
      command: 'node api.js',
      after: { db: 'ready' },
      ready: { log: 'up' },
      alive: { http: 'http://127.0.0.1:3000/', json: { ok: true } },
      group: 'backend',
    },
    build: { kind: 'job', command: 'make', retry: { max: 2, when: [75] }, timeout: '10m' },
    once: { kind: 'job', command: 'make' },
    reload: { kind: 'watcher', files: ['src/**'], then: { restart: ['api'] } },
  },
  groups: { backend: { strategy: 'rest-for-one' } },
} as const satisfies ProjectInput;

test('a project written out with every default is the same project', () => {
  const project = decodeProject(INPUT);
  const written = encodeProject(project);
  expect(decodeProject(written)).toEqual(project);
  expect(decodeProject(JSON.parse(JSON.stringify(written)))).toEqual(project);
});

test('the JSON Schema of a project is closed and names the options of every kind', () => {
  const schema = JSON.stringify(projectJsonSchema());
  const named = [
    'units',
    'command',
    'ready',
    'retry',
    'debounce',
    'onOrchestratorDeath',
    'queues',
    'priority',
    'delay',
  ];
  expect(named.filter((option) => !schema.includes(`"${option}":`))).toEqual([]);
  expect(projectJsonSchema()).toMatchObject({ type: 'object', required: ['units'], additionalProperties: false });
});
