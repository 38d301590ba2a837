import type { ProjectStatus } from '../../../index.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { resolveRef } from '../refs.ts';
import { liveTable } from '../render/live-table.ts';
import { headline, statusTable } from '../render/status-table.ts';
import { openView, requireControl } from '../view.ts';
import { withoutOldRuns } from './run-id.ts';

export interface StatusOptions {
  readonly all?: boolean;
  readonly watch?: boolean;
}

export async function status(context: Context, ref: string | undefined, options: StatusOptions): Promise<number> {
  if (options.watch) return watch(context);
  const { terminal, json } = context;
  using view = await openView(context);
  const now = await view.status();
  if (ref !== undefined) {
    const id = resolveRef(ref, now);
    const unit = now.units.find((one) => one.id === id)!;
    if (json) terminal.printJson({ unit });
    else for (const line of statusTable([unit], terminal.columns)) terminal.print(line);
    return EXIT.done;
  }
  if (json) terminal.printJson(now);
  else show(context, now, options.all === true);
  return EXIT.done;
}

function show({ terminal }: Context, now: ProjectStatus, all: boolean): void {
  const units = all ? now.units : withoutOldRuns(now.units);
  const hidden = now.units.length - units.length;
  terminal.say(headline(now));
  if (now.notice !== null) terminal.say(`! ${now.notice.message} ${now.notice.hint}`);
  if (units.length === 0) terminal.say('No units.');
  else for (const line of statusTable(units, terminal.columns)) terminal.print(line);
  if (hidden > 0) terminal.say(`… and ${hidden} older ${hidden === 1 ? 'run' : 'runs'}; --all shows all.`);
}

const REFRESH_MS = 1_000;

/** Until it is interrupted, or the orchestrator goes. */
async function watch(context: Context): Promise<number> {
  const { terminal, interrupts } = context;
  const control = await requireControl(context);
  let now = await control.status();
  using table = liveTable(terminal, () => ({ ...now, units: withoutOldRuns(now.units) }));
  const refresh = async (): Promise<void> => {
    now = await control.status();
    table.touch();
  };
  // Not everything is an entry: what units do at the moment, and that no entry can be written.
  const timer = setInterval(() => void refresh().catch(() => {}), REFRESH_MS);
  try {
    const entries = control.journal({ after: Number.MAX_SAFE_INTEGER, follow: true, signal: interrupts.signal });
    for await (const _ of entries) await refresh();
  } finally {
    clearInterval(timer);
  }
  return EXIT.done;
}
