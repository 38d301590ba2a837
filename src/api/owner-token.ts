import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const TOKEN_BYTES = 32;
/** As many characters as base64url needs for the bytes. Anything else was cut off, or is not ours. */
const TOKEN = /^[\w-]{43}$/;

/** The only secret that is ours: whoever can read it may do what the owner may. Never logged. */
const tokenPath = (stateDir: string): string => join(stateDir, 'secrets', 'owner-token');

/** The secret of this installation. `null`: nobody has opened it yet. */
export function ownerToken(stateDir: string): string | null {
  try {
    const token = readFileSync(tokenPath(stateDir), 'utf8');
    return TOKEN.test(token) ? token : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Makes the secret of this installation, unless there is one. For the holder of the state directory only. */
export function establishOwnerToken(stateDir: string): string {
  const path = tokenPath(stateDir);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // What was copied or restored may have lost its modes, and a umask takes bits away.
  chmodSync(dirname(path), 0o700);
  const known = ownerToken(stateDir);
  if (known !== null) {
    chmodSync(path, 0o600);
    return known;
  }
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  // Whole or not at all, under a name that nobody has made before.
  const draft = `${path}.${randomBytes(4).toString('hex')}`;
  try {
    writeFileSync(draft, token, { flag: 'wx', mode: 0o600, flush: true });
    chmodSync(draft, 0o600);
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
  return token;
}
