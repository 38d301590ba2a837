import { expect, test } from 'vitest';
import { findStrays, type Remains } from '../../../src/adapters/process/strays.ts';
import { identityOf, type ProcessStat } from '../../../src/adapters/system/identity.ts';

const process_ = (pid: number, more: Partial<ProcessStat> = {}): ProcessStat => ({
  pid,
  name: 'x',
  state: 'S',
  parentPid: 1,
  groupId: pid,
  sessionId: pid,
  startTicks: String(pid),
  ...more,
});
const remains = (more: Partial<Remains> = {}): Remains => ({
  marker: 'REEVE_RUN=me/api/e.1',
  child: identityOf(process_(1_000_000)),
  launcher: identityOf(process_(999_999)),
  endedTicks: 2_000_000,
  known: new Set(),
  ...more,
});
const found = (table: readonly ProcessStat[], of = remains(), marked: readonly number[] = []) =>
  findStrays(table, of, (pid) =>
    marked.includes(pid) ? ['A=1', 'REEVE_RUN=me/api/e.1'] : ['REEVE_RUN=me/api/e.11'],
  ).map(({ pid }) => pid);

test('the session of the command is its own, also when the command has gone', () => {
  expect(found([process_(1_000_005, { sessionId: 1_000_000 })])).toEqual([1_000_005]);
});

test('a session with the same number that began after our command ended is a stranger’s', () => {
  expect(found([process_(2_000_001, { sessionId: 1_000_000 })])).toEqual([]);
});

test('without a known end the session proves nothing', () => {
  expect(found([process_(1_000_005, { sessionId: 1_000_000 })], remains({ endedTicks: null }))).toEqual([]);
});

test('without setsid it is the launcher’s session, and proves something only when the command has ended', () => {
  const table = [process_(1_000_005, { sessionId: 999_999 })];
  expect([found(table), found(table, remains({ endedTicks: Number.POSITIVE_INFINITY }))]).toEqual([[1_000_005], []]);
});

test('the pid of the command with another start is a stranger', () => {
  expect(found([process_(1_000_000, { startTicks: '1500000', sessionId: 1 })])).toEqual([]);
});

test('the marker must be the whole entry: run e.1 is not run e.11', () => {
  expect(found([process_(1_000_005), process_(1_000_006)], remains(), [1_000_006])).toEqual([1_000_006]);
});

test('what is older than the launcher is not asked for its marker', () => {
  expect(found([process_(900_000)], remains(), [900_000])).toEqual([]);
});

test('children of strays are strays, in whatever order the table is', () => {
  const table = [
    process_(1_000_030, { parentPid: 1_000_020 }),
    process_(1_000_020, { parentPid: 1_000_010 }),
    process_(1_000_010),
  ];
  expect(found(table, remains(), [1_000_010]).sort()).toEqual([1_000_010, 1_000_020, 1_000_030]);
});

test('the launcher and we ourselves are never strays', () => {
  const self = process_(process.pid, { startTicks: '1500000', parentPid: 1_000_100 });
  const table = [process_(999_999), self, process_(1_000_100)];
  expect(found(table, remains(), [999_999, process.pid, 1_000_100])).toEqual([]);
});

test('what was found before stays found', () => {
  expect(found([process_(1_000_005)], remains({ known: new Set(['1000005:1000005']) }))).toEqual([1_000_005]);
});
