import type { Log } from '../../index.ts';
import type { Interrupts } from './interrupts.ts';
import type { Terminal } from './terminal.ts';

/** What every command gets. */
export interface Context {
  /** `-C`, absolute. Units are known by the directory they were started in. */
  readonly cwd: string;
  /** Absolute. */
  readonly stateDir: string;
  readonly env: NodeJS.ProcessEnv;
  /** One JSON document on stdout, and nothing else there. */
  readonly json: boolean;
  readonly terminal: Terminal;
  readonly interrupts: Interrupts;
}

/** What an orchestrator warns of, for the people who look at it. */
export function warningsTo(say: (line: string) => void): Log {
  const quiet = (): void => {};
  const warn: Log['warn'] = ({ unit }, message) => say(unit === undefined ? `! ${message}` : `! ${unit}: ${message}`);
  return { debug: quiet, info: quiet, warn, error: warn };
}
