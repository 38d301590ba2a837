import type { Entry } from '../../../index.ts';

/** `  42  12:03:55.120  web  run.exited  → reaped.backoff  code 1`. The first is for `--after`. */
export function entryLine({ seq, atMs, unitId, event, value }: Entry): string {
  const words = [
    String(seq).padStart(SEQ_WIDTH),
    timeOf(atMs),
    unitId === '' ? '(supervisor)' : unitId,
    event.type,
    `→ ${pathOf(value)}`,
    detailOf(event),
  ];
  return words.filter((word) => word !== '').join('  ');
}

const SEQ_WIDTH = 5;

function timeOf(atMs: number): string {
  const at = new Date(atMs);
  const two = (count: number, digits = 2): string => String(count).padStart(digits, '0');
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${two(at.getMilliseconds(), 3)}`;
}

function pathOf(value: Entry['value']): string {
  if (typeof value === 'string') return value;
  return Object.entries(value)
    .map(([state, inner]) => `${state}.${pathOf(inner)}`)
    .join(' ');
}

function detailOf(event: Entry['event']): string {
  switch (event.type) {
    case 'run.launched':
      return `pid ${event.handle.pid ?? '-'}${event.adopted ? ', adopted' : ''}`;
    case 'run.exited':
      return event.exit.signal === null ? `code ${event.exit.code ?? '?'}` : `signal ${event.exit.signal}`;
    case 'run.launch-failed':
    case 'dependencies.failed':
      return event.problem.message;
    case 'probe.failed':
    case 'probe.exhausted':
      return event.detail;
    case 'watch.observed':
      return event.what.join(', ');
    case 'start.requested':
    case 'stop.requested':
    case 'restart.requested':
    case 'terminate.requested':
    case 'restart.advised':
      return `by ${event.by}`;
    default:
      return '';
  }
}
