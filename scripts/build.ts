/**
 * Builds dist/: the library (packages stay imports), the command (one bundle, but for the native module), the types.
 *
 * The command is split, so that `dist/reeve.js` itself is small and plain: an old Node can read it as far as the words
 * that say which Node is needed.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build } from 'esbuild';

const root = fileURLToPath(new URL('../', import.meta.url));
const SHARED = {
  absWorkingDir: root,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  charset: 'utf8',
  sourcemap: true,
  logLevel: 'warning',
} as const satisfies BuildOptions;

/** What `import … from 'reeve'` and `from 'reeve/testing'` find. */
const LIBRARY = { index: 'src/index.ts', testing: 'src/testing.ts' };
const COMMAND = { reeve: 'src/adapters/cli/main.ts' };
/** Some packages inside the bundle are CommonJS and call `require` for Node's own modules. */
const REQUIRE = [
  "import { createRequire as makeRequire } from 'node:module';",
  'const require = makeRequire(import.meta.url);',
].join('\n');

/** Fills `outdir`, which is emptied first. */
export async function buildInto(outdir: string): Promise<void> {
  rmSync(outdir, { recursive: true, force: true });
  await build({ ...SHARED, entryPoints: LIBRARY, outdir, packages: 'external', chunkNames: 'library/[name]-[hash]' });
  await buildCommand(outdir);
}

/** The command alone: `reeve.js`, and what it loads. */
export async function buildCommand(outdir: string): Promise<void> {
  await build({
    ...SHARED,
    entryPoints: COMMAND,
    outdir,
    external: ['better-sqlite3'],
    minifySyntax: true,
    sourcemap: false,
    banner: { js: REQUIRE },
    chunkNames: 'command/[name]-[hash]',
  });
  chmodSync(`${outdir}/reeve.js`, 0o755);
}

function declareTypes(): void {
  const { status } = spawnSync('tsc', ['-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw new Error('The types cannot be written; `npm run types` says why.');
}

if (import.meta.main) {
  await buildInto(`${root}dist`);
  declareTypes();
  console.log('dist/ is built.');
}
