/** Commands that are asked about a unit, or ask it to stop, while their orchestrator is killed. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { conditionOf, identify } from '../../../src/adapters/system/identity.ts';
import type { ProcessIdentity } from '../../../src/machines/vocabulary.ts';
import { holdersOf, startProgram } from '../../support/host.ts';
import { stateDirectory } from '../../support/state-directory.ts';
import { heirlooms } from './heirlooms.ts';

const SOON = { timeout: 15_000, interval: 10 };

/** Each says who it is, and who its child is, and takes its time. */
const programIn = (cwd: string) => `
  const command = 'sleep 1000 & echo $$ $! >$WHO.new; mv $WHO.new $WHO; wait';
  const slowly = { exec: ['/bin/sh', '-c', command] };
  const unit = (id, more) => server({
    id, command: 'exec sleep 1000', cwd: ${JSON.stringify(cwd)}, env: { set: { WHO: id } }, ...more,
    onOrchestratorDeath: 'adopt',
  });
  const reeve = await openReeve({ stateDir, units: [
    unit('probed', { alive: { ...slowly, timeout: '10m' } }),
    unit('asked', { stop: { ask: slowly, grace: '10m' } }),
  ] });
  await reeve.unit('asked').reached('running');
  void reeve.unit('asked').stop().catch(() => {});
  console.log('pids', reeve.units().map((unit) => unit.status().run.pid).join(' '));`;

const identities = (pids: string): readonly ProcessIdentity[] =>
  pids
    .trim()
    .split(' ')
    .map((pid) => identify(Number(pid))!);

async function asking() {
  const [stateDir, cwd] = [stateDirectory(), stateDirectory()];
  const { give, countIn } = heirlooms();
  const host = give((birth) => startProgram(stateDir, programIn(cwd), birth));
  const units = identities(await host.said('pids '));
  const questions: ProcessIdentity[] = [];
  for (const who of ['probed', 'asked']) {
    await expect.poll(() => existsSync(join(cwd, who)), SOON).toBe(true);
    questions.push(...identities(readFileSync(join(cwd, who), 'utf8')));
  }
  const guardian = () => holdersOf(stateDir).find(({ command }) => command.includes('/bin/guardian-'))?.pid ?? 0;
  /** Taken anew by each guardian, once it knows all that it has to. */
  const office = () => statSync(join(stateDir, 'owner')).ino;
  return { host, units, questions, guardian, office, countIn };
}
const conditions = (identities: readonly ProcessIdentity[]) => () => identities.map(conditionOf);

test('they end with it and with all that they have started, and what they were about lives on', async () => {
  const { host, units, questions, guardian, countIn } = await asking();
  // Nothing is open in them that their orchestrator was born with.
  expect([host.pid, ...questions.map(({ pid }) => pid)].map(countIn)).toEqual([2, 0, 0, 0, 0]);
  expect(conditions([...units, ...questions])()).toEqual(Array(6).fill('running'));
  await host.end('SIGKILL');
  await expect.poll(conditions(questions), SOON).toEqual(Array(4).fill('gone'));
  expect(conditions(units)()).toEqual(['running', 'running']);
  await expect.poll(guardian, SOON).toBe(0);
});

test('they do so, too, when the guardian was replaced while they were under way', async () => {
  const { host, questions, guardian, office } = await asking();
  const before = office();
  process.kill(guardian(), 'SIGKILL');
  await expect.poll(office, SOON).not.toBe(before);
  expect(conditions(questions)()).toEqual(Array(4).fill('running'));
  await host.end('SIGKILL');
  await expect.poll(conditions(questions), SOON).toEqual(Array(4).fill('gone'));
});
