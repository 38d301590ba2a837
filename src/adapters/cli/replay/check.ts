/** Whether machines decide a history again as it was recorded. */
import {
  type Divergence,
  type Machines,
  type Trace,
  type TraceRange,
  type Verification,
  verify,
} from '../../../index.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import type { OpenHistory } from './open-history.ts';
import { differenceLines, valueWords } from './words.ts';

/** Without a look: every entry is decided again. 1 where that gives something else. */
export async function check(
  { terminal, json, interrupts }: Context,
  { trace }: OpenHistory,
  range: TraceRange,
  machines: Machines | undefined,
): Promise<number> {
  const found = await verify(trace, { ...range, ...(machines && { machines }), signal: interrupts.signal });
  const ok = found.first === null && trace.faults.length === 0;
  if (json) terminal.printJson({ ok, trace: titleOf(trace), faults: trace.faults, ...found });
  else for (const line of [...faultLines(trace), ...verificationLines(found, trace)]) terminal.print(line);
  return ok ? EXIT.done : EXIT.failed;
}

const titleOf = ({ path, header: { project, version } }: Trace) => ({ path, project, version });

function faultLines({ faults }: Trace): readonly string[] {
  return faults.map(({ line, message }) => `! ${line === null ? '' : `line ${line}: `}${message}`);
}

function verificationLines(found: Verification, { header: { project } }: Trace): readonly string[] {
  const { first, firstOfUnits, unknown } = found;
  const untold = unknown.map(({ unitId, entries, why }) => {
    return `! ${entries} of ${unitId === '' ? 'the supervisor' : `"${unitId}"`} cannot be checked: ${why}.`;
  });
  const others = firstOfUnits.filter((one) => one !== first).map(({ message }) => `also ${message}`);
  return [...(first === null ? [] : divergenceLines(first)), ...others, ...untold, summaryOf(found, project)];
}

/** `shop: 312 entries, all of them decided again as they were recorded.` */
export function summaryOf({ entries, same, different, untold }: Verification, project: string): string {
  const count = `${project}: ${entries} ${entries === 1 ? 'entry' : 'entries'}`;
  if (different > 0) return `${count}, ${different} of them decided otherwise.`;
  if (untold > 0)
    return `${count}, ${same} of them decided again as they were recorded; of the others nobody can tell.`;
  return `${count}, all of them decided again as they were recorded.`;
}

/** Where it is, what was recorded, what a machine makes of it, and where the two differ. */
export function divergenceLines({ message, expected, found, differences, sameCode }: Divergence): readonly string[] {
  const whole = [`  expected ${valueWords(expected)}`, `  found    ${valueWords(found)}`];
  const isDeep = differences.some(({ path }) => path !== '');
  const code = sameCode ? [] : ['  (another version of the machine decided it then)'];
  return [message, ...(isDeep ? differenceLines(differences, { indent: '  ' }) : whole), ...code];
}
