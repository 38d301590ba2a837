import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { requireControl } from '../view.ts';

/** Stops everything, and the orchestrator too. Returns when the state directory is free for the next one. */
export async function down(context: Context): Promise<number> {
  const { terminal, json } = context;
  const control = await requireControl(context);
  const { units } = await control.status();
  const up = units.filter(({ substate }) => substate !== 'settled').map(({ id }) => id);
  if (up.length > 0) terminal.say(`Stopping ${up.join(', ')} …`);
  const status = await control.down();
  if (json) terminal.printJson({ ...status, orchestrator: null });
  else terminal.say('Everything is stopped.');
  return EXIT.done;
}
