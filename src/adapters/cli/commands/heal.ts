import { type HealReport, isFault, whatToHeal } from '../../../index.ts';
import { connectControl } from '../../http/client.ts';
import type { Context } from '../context.ts';
import { NobodyRuns } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { requireControl } from '../view.ts';

/** Compares what is recorded with what is true, and acts. Without an orchestrator only a dry run can tell something. */
export async function heal(context: Context, { dryRun = false }: { readonly dryRun?: boolean }): Promise<number> {
  const { terminal, json } = context;
  const report = dryRun ? await wouldHeal(context) : await (await requireControl(context)).heal({ dryRun });
  if (json) terminal.printJson(report);
  else for (const line of linesOf(report)) terminal.print(line);
  return EXIT.done;
}

async function wouldHeal({ cwd, stateDir }: Context): Promise<HealReport> {
  const live = await connectControl(stateDir);
  if (live) return live.heal({ dryRun: true });
  try {
    return whatToHeal(stateDir);
  } catch (error) {
    if (isFault(error) && error.code === 'StoreMissing') throw new NobodyRuns({ cwd, stateDir });
    throw error;
  }
}

const linesOf = ({ actions, scanned }: HealReport): readonly string[] =>
  actions.length === 0
    ? [`All is well: ${scanned} ${scanned === 1 ? 'unit is' : 'units are'} as recorded.`]
    : actions.map(({ unit, found, did }) => `${unit}  ${found}: ${did}`);
