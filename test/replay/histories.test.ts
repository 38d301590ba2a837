import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { fork, why } from '../../src/index.ts';
import { serverMachine } from '../../src/machines/life.ts';
import { assertReplays } from '../../src/testing.ts';
import { openedTrace } from '../support/traces.ts';

const HISTORIES = new URL('histories/', import.meta.url);
const names = readdirSync(HISTORIES).filter((name) => name.includes('.jsonl'));
const pathOf = (name: string): string => fileURLToPath(new URL(name, HISTORIES));

test.each(names)('%s is decided again as it was, and lived through again ends the same', async (name) => {
  await assertReplays(pathOf(name));
  const { partings, unanswered } = fork(await openedTrace(pathOf(name)));
  expect({ partings, unanswered }).toEqual({ partings: [], unanswered: [] });
});

test('every history says how it was made', () => {
  const page = readFileSync(new URL('README.md', HISTORIES), 'utf8');
  expect([...page.matchAll(/^\| `(\S+)`/gm)].map(([, name]) => name)).toEqual(names);
  expect(names.length).toBeGreaterThan(0);
});

describe('a trace as a regression test', () => {
  const [first = ''] = names;

  test('fails when a machine decides otherwise, and names where', async () => {
    const server = serverMachine.provide({ guards: { policyRestarts: () => false } });
    await expect(assertReplays(pathOf(first), { machines: { server } })).rejects.toThrow(
      /does not replay: "flaky", entry 14 \(run\.swept\): recorded state \{"reaped":"backoff"\}/,
    );
  });

  test('tells what became of a unit from its beginning', async () => {
    const trace = await openedTrace(pathOf(first));
    const { began, links } = why(trace, { unit: 'flaky', state: 'settled' });
    expect([began, ...links.map(({ sentence }) => sentence).slice(0, 4)]).toEqual([
      'wish',
      '"flaky" left nothing behind: from stopping.sweeping to reaped.settled.',
      '"flaky" ended with code 3: from running.healthy to stopping.sweeping (what it left is ended, sweep in 5000 ms).',
      '"flaky" had waited long enough (backoff): from reaped.backoff to spawning.launching ' +
        '(it is launched, launch in 15000 ms).',
      expect.stringMatching(
        /^"flaky" left nothing behind: from stopping\.sweeping to reaped\.backoff \(backoff in \d+ ms\)\.$/,
      ),
    ]);
    expect(links.at(-1)?.sentence).toMatch(/^The supervisor was asked to start everything/);
  });
});
