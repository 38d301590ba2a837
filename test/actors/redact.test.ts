import { expect, test } from 'vitest';
import { redactFact } from '../../src/actors/redact.ts';
import type { Fact } from '../../src/machines/events.ts';

const redact = (text: string): string => text.replaceAll('hunter2', '…');
const EXIT = { code: 1, signal: null, rawStatus: 1, certain: true, endedMs: 1 };
const handle = { pid: 4, identity: null, socket: 'hunter2' };

test('of a fact that nobody knows nothing is lost, but for its secrets', () => {
  const unknown = { type: 'run.sighed', generation: 1, words: ['hunter2', 3] } as unknown as Fact;
  expect(redactFact(unknown, redact)).toEqual({ type: 'run.sighed', generation: 1, words: ['…', 3] });
});

test.each<[Fact, Fact]>([
  [
    {
      type: 'run.launch-failed',
      generation: 1,
      problem: { code: 'X', message: 'no hunter2', hint: 'PATH=hunter2' },
      resource: false,
    },
    {
      type: 'run.launch-failed',
      generation: 1,
      problem: { code: 'X', message: 'no …', hint: 'PATH=…' },
      resource: false,
    },
  ],
  [
    { type: 'driver.failed', generation: 1, command: 'sweep', problem: { code: 'X', message: 'hunter2', hint: '' } },
    { type: 'driver.failed', generation: 1, command: 'sweep', problem: { code: 'X', message: '…', hint: '' } },
  ],
  [
    { type: 'probe.failed', generation: 1, probe: 'ready', detail: 'is "hunter2"' },
    { type: 'probe.failed', generation: 1, probe: 'ready', detail: 'is "…"' },
  ],
  [
    { type: 'probe.exhausted', generation: 1, probe: 'alive', detail: 'hunter2' },
    { type: 'probe.exhausted', generation: 1, probe: 'alive', detail: '…' },
  ],
  [
    { type: 'run.swept', generation: 1, survivors: [{ pid: 7, command: 'mysql -phunter2' }] },
    { type: 'run.swept', generation: 1, survivors: [{ pid: 7, command: 'mysql -p…' }] },
  ],
  [
    { type: 'run.progressed', generation: 1, text: 'hunter2' },
    { type: 'run.progressed', generation: 1, text: '…' },
  ],
  [
    { type: 'activity.resumed', generation: 1, text: 'hunter2' },
    { type: 'activity.resumed', generation: 1, text: '…' },
  ],
  [
    { type: 'run.blocked', generation: 1, on: 'hunter2' },
    { type: 'run.blocked', generation: 1, on: '…' },
  ],
  [
    { type: 'run.blocked', generation: 1, on: null },
    { type: 'run.blocked', generation: 1, on: null },
  ],
  [
    { type: 'run.exited', generation: 1, exit: { ...EXIT, said: 'no hunter2' } },
    { type: 'run.exited', generation: 1, exit: { ...EXIT, said: 'no …' } },
  ],
  [
    {
      type: 'run.exited',
      generation: 1,
      exit: { ...EXIT, threw: 'no hunter2', returned: { hunter2: [null, 2, 'is hunter2'] } },
    },
    { type: 'run.exited', generation: 1, exit: { ...EXIT, threw: 'no …', returned: { hunter2: [null, 2, 'is …'] } } },
  ],
  [
    { type: 'watch.observed', generation: 1, what: ['a', 'hunter2'] },
    { type: 'watch.observed', generation: 1, what: ['a', '…'] },
  ],
])('%j is told as %j', (fact, told) => {
  expect(redactFact(fact, redact)).toEqual(told);
});

test('a handle stays as it is, whatever it looks like: a run is found again by it', () => {
  const fact: Fact = { type: 'run.adopted', generation: 1, handle };
  expect(redactFact(fact, redact)).toBe(fact);
});
