import type { ProjectStatus } from '../../../index.ts';
import type { Terminal } from '../terminal.ts';
import { shortened } from './rows.ts';
import { headline, statusTable } from './status-table.ts';

const FRAME_MS_MIN = 100;
const ESCAPE = '\u001b[';
const HIDE_CURSOR = `${ESCAPE}?25l`;
const SHOW_CURSOR = `${ESCAPE}?25h`;
const CLEAR_BELOW = `${ESCAPE}0J`;

export interface LiveTable extends Disposable {
  /** Something has changed: draws soon, and not too often. */
  touch(): void;
  /** A line above the table, which stays. */
  note(line: string): void;
}

/** A table of the units, drawn over itself. Gives the cursor back when it is disposed of, or the process ends. */
export function liveTable(terminal: Terminal, statusNow: () => ProjectStatus | null): LiveTable {
  let height = 0;
  let timer: NodeJS.Timeout | null = null;
  const erase = (): string => (height === 0 ? '' : `${ESCAPE}${height}A`) + CLEAR_BELOW;
  const draw = (above = ''): void => {
    const status = statusNow();
    if (status === null) return;
    const lines = linesOf(status, terminal);
    void terminal.write(`${HIDE_CURSOR}\r${erase()}${above}${lines.join('\n')}\n`);
    height = lines.length;
  };
  const touch = (): void => {
    timer ??= setTimeout(() => {
      timer = null;
      draw();
    }, FRAME_MS_MIN);
  };
  const showCursor = (): void => void process.stdout.write(SHOW_CURSOR);
  process.once('exit', showCursor);
  // Where the old frame wrapped, its height is no longer known: what is above stays, and a new one begins.
  const offResize = terminal.onResize(() => {
    height = 0;
    touch();
  });
  draw();
  return {
    touch,
    note: (line) => draw(`${line}\n`),
    [Symbol.dispose]() {
      offResize();
      if (timer) clearTimeout(timer);
      draw();
      process.off('exit', showCursor);
      showCursor();
    },
  };
}

function linesOf(status: ProjectStatus, { columns, rows }: Terminal): readonly string[] {
  const table = statusTable(status.units, columns - 1);
  const room = Math.max(2, rows - 3);
  const shown = table.length <= room ? table : [...table.slice(0, room), `… and ${table.length - room} more`];
  return [shortened(headline(status), columns - 1), ...shown];
}
