import { expect, test } from 'vitest';
import { answerOf, failed, PASSED } from '../../../src/adapters/probe/answer.ts';
import { aliveJudge, readyJudge } from '../../../src/adapters/probe/judge.ts';

const said = (verdicts: readonly { is: string; detail?: string }[]) => verdicts.map(({ is, detail }) => detail ?? is);

test('a readiness judge repeats no reason, and tells a new one at most every 5 seconds', () => {
  const judge = readyJudge();
  const at = (monoMs: number, detail: string) => said(judge.judge(failed(detail), monoMs));
  expect([
    at(0, 'refused'),
    at(200, 'refused'),
    at(4_999, 'HTTP 503'),
    at(5_000, 'HTTP 503'),
    at(60_000, 'HTTP 503'),
    said(judge.judge(PASSED, 60_200)),
  ]).toEqual([['refused'], [], [], ['HTTP 503'], [], ['passed']]);
});

test('one failure too few is forgiven by a success', () => {
  const judge = aliveJudge(3);
  const answers = [failed('a'), failed('a'), PASSED, failed('b'), failed('b'), failed('b')];
  expect(answers.map((answer, index) => judge.judge(answer, index).map(({ is }) => is))).toEqual([
    ['failed'],
    [],
    ['passed'],
    ['failed'],
    [],
    ['exhausted'],
  ]);
});

test('with one failure allowed, the first is also the last', () => {
  expect(aliveJudge(1).judge(failed('gone'), 0)).toEqual([
    { is: 'failed', detail: 'gone' },
    { is: 'exhausted', detail: 'gone' },
  ]);
});

test('a question that could not be asked counts neither way', () => {
  const judge = aliveJudge(2);
  const unasked = answerOf(Object.assign(new Error('too many open files'), { code: 'EMFILE' }), '127.0.0.1:80');
  expect(unasked).toEqual({ is: 'unasked', detail: '127.0.0.1:80 could not be asked: EMFILE' });
  const answers = [failed('a'), unasked, unasked, failed('a')];
  expect(answers.map((answer, index) => judge.judge(answer, index).map(({ is }) => is))).toEqual([
    ['failed'],
    [],
    [],
    ['exhausted'],
  ]);
});

test('a pardon voids what was counted, ends at its time, and hides no recovery', () => {
  const judge = aliveJudge(2);
  judge.judge(failed('a'), 0);
  judge.pardon(1_000);
  const at = (monoMs: number, answer = failed('a')) => judge.judge(answer, monoMs).map(({ is }) => is);
  expect([at(999), at(1_000), at(1_001), at(1_002, PASSED)]).toEqual([[], [], ['exhausted'], ['passed']]);
});
