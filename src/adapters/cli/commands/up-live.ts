import { encodeProject, type ProjectSpec } from '../../../index.ts';
import type { ControlClient } from '../../http/client.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { planLines } from '../render/plan-lines.ts';
import { isUnnamed } from './run-id.ts';

export interface PlanFlags {
  /** Only tells. */
  readonly plan?: boolean;
  readonly removeExtra?: boolean;
}

/** Somebody orchestrates there already: they are told of the project as the file says it now. */
export async function upLive(
  { terminal, json }: Context,
  control: ControlClient,
  project: ProjectSpec,
  { plan = false, removeExtra = false }: PlanFlags,
): Promise<number> {
  const { orchestrator } = await control.status();
  const planned = await control.plan(encodeProject(project), { apply: !plan, removeExtra });
  // Jobs that `reeve run` has added were never in the file.
  const changes = planned.changes.filter(({ unit, change }) => change !== 'extra' || !isUnnamed(unit));
  if (json) {
    terminal.printJson({ applied: !plan, orchestrator, changes });
    return EXIT.done;
  }
  for (const line of planLines(changes)) terminal.print(line);
  terminal.say(plan ? 'Nothing was changed.' : `Process ${orchestrator?.pid} orchestrates ${project.name}.`);
  return EXIT.done;
}
