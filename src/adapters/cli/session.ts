import { type OpenOptions, openReeve, type Reeve } from '../../index.ts';
import { type ControlServer, serveControl } from '../http/serve.ts';
import { type Context, warningsTo } from './context.ts';
import { EXIT } from './exit-codes.ts';

/** An orchestrator in this process, and its control surface, from their beginning to their end. */
export interface Session {
  readonly reeve: Reeve;
  readonly control: ControlServer;
  /** Stops everything and ends the session with this exit code. */
  end(code: number): void;
  /** Resolves with the exit code when everything is stopped, and the state directory is free. */
  readonly ended: Promise<number>;
}

/**
 * Opens an orchestrator and serves it.
 *
 * @throws {StateDirBusy} Another one is there.
 */
export async function openSession(
  context: Context,
  options: Omit<OpenOptions, 'stateDir' | 'logger' | 'env'>,
  note: (line: string) => void = context.terminal.say,
): Promise<Session> {
  const { stateDir, env } = context;
  const { promise: ending, resolve, reject } = Promise.withResolvers<number>();
  const reeve = await openReeve({ ...options, stateDir, env, logger: warningsTo(note) });
  let letGo: Promise<void> | null = null;
  // The socket goes first: once the state directory is free, the next orchestrator has its own in the same place.
  const close = async (): Promise<void> => {
    control.stopListening();
    await reeve.close();
  };
  const end = (code: number): Promise<void> => {
    letGo ??= close();
    letGo.then(() => resolve(code), reject);
    return letGo;
  };
  const control = await serveControl(reeve, { stateDir, env, onDown: () => end(EXIT.done) }).catch(async (error) => {
    await reeve.close({ leave: true });
    throw error;
  });
  return {
    reeve,
    control,
    end: (code) => void end(code).catch(() => {}),
    ended: ending.finally(() => control.close()),
  };
}
