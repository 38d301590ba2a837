import { createHash } from 'node:crypto';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where the programs are that our scripts need, whatever a unit's own PATH is. */
export const TOOLS_PATH = '/usr/bin:/bin:/usr/local/bin:/sbin:/usr/sbin';

/** Writes a script where it can be run. Its name holds its hash: two versions never disturb each other. */
export function installScript(stateDir: string, name: string, text: string, extension: 'sh' | 'cjs' = 'sh'): string {
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 12);
  const directory = join(stateDir, 'bin');
  const script = join(directory, `${name}-${hash}.${extension}`);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  // A shell reads its script piece by piece, so the file appears whole or not at all.
  const draft = `${script}.${process.pid}`;
  writeFileSync(draft, text, { mode: 0o700 });
  renameSync(draft, script);
  return script;
}
