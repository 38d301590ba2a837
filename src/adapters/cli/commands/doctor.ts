import { type Check, diagnose } from '../../../index.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { complaintAbout, NODE_NEEDED } from '../node-version.ts';

const MARKS: Readonly<Record<Check['status'], string>> = { pass: '✓', warn: '!', fail: '✗' };

/** Looks at what reeve needs of the machine and of its state directory. Exits with 1 if something fails. */
export async function doctor(context: Context, { fix = false }: { readonly fix?: boolean }): Promise<number> {
  const { terminal, json, stateDir } = context;
  const checks = [nodeVersion(), ...diagnose(stateDir, { fix })];
  const count = (wanted: Check['status']): number => checks.filter(({ status }) => status === wanted).length;
  const [failures, warnings] = [count('fail'), count('warn')];
  if (json) terminal.printJson({ ok: failures === 0, failures, warnings, checks });
  else for (const check of checks) terminal.print(lineOf(check));
  return failures === 0 ? EXIT.done : EXIT.failed;
}

function nodeVersion(): Check {
  const found = process.versions.node;
  const isOld = complaintAbout(found) !== null;
  const hint = isOld ? `Install Node ${NODE_NEEDED} or newer.` : '';
  return { name: 'Node', status: isOld ? 'fail' : 'pass', detail: found, hint };
}

const lineOf = ({ name, status, detail, hint }: Check): string =>
  `${MARKS[status]} ${name}: ${detail}${hint && `\n  ${hint}`}`;
