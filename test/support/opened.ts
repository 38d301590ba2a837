import { onTestFinished } from 'vitest';
import { type OpenOptions, openReeve, type Reeve } from '../../src/index.ts';

/** A reeve that is closed when the test is over. */
export async function opened(options: OpenOptions): Promise<Reeve> {
  const reeve = await openReeve(options);
  onTestFinished(() => reeve.close());
  return reeve;
}
