import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { Finding } from '../bench/measure.ts';

const program = fileURLToPath(new URL('../bench/run.ts', import.meta.url));
const readme = readFileSync(new URL('../bench/README.md', import.meta.url), 'utf8');
const BENCHMARKS = [
  'pure-step',
  'recorded-step',
  'recovery',
  'import',
  'status',
  'memory',
  'replay',
  'probing',
  'healing',
  'launching',
  'simulated-event',
];

function bench(...args: readonly string[]): { readonly quick: boolean; readonly findings: readonly Finding[] } {
  const command = [program, '--json', ...args];
  return JSON.parse(execFileSync(process.execPath, command, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }));
}

/** It starts dozens of processes, and may have to share the machine with other tests. */
const DEADLINE_MS = 60_000;

test('every benchmark compares ours with a peer, or says why it cannot', { timeout: DEADLINE_MS }, () => {
  const { quick, findings } = bench('--quick');
  expect([quick, [...new Set(findings.map(({ benchmark }) => benchmark))]]).toEqual([true, BENCHMARKS]);
  for (const finding of findings) {
    if ('skipped' in finding) {
      // Only what needs a build may be left out.
      expect([finding.benchmark, finding.skipped]).toEqual([
        expect.stringMatching(/^(import|status)$/),
        expect.stringContaining('npm run build'),
      ]);
      continue;
    }
    const { ours, peer, ratio } = finding;
    expect([ours.cost > 0, peer.cost > 0, ratio]).toEqual([true, true, ours.cost / peer.cost]);
  }
});

test('one benchmark can be run alone, and a name that is none is refused with those there are', () => {
  const only = bench('--quick', '--only', 'pure-step').findings.map(({ benchmark }) => benchmark);
  expect(only).toEqual(['pure-step', 'pure-step']);
  const refused = `There is no benchmark pure-stop. There are: ${BENCHMARKS.join(', ')}.`;
  expect(() => bench('--only', 'pure-stop')).toThrow(refused);
});

test('the page about the benchmarks describes each of them', () => {
  const described = [...readme.matchAll(/^### `(.+)`$/gm)].map(([, name]) => name);
  expect(described).toEqual(BENCHMARKS);
});
