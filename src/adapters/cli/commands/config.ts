import { stringify } from 'yaml';
import { encodeProject } from '../../../index.ts';
import { loadConfig } from '../../config/load.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';

/** The project as it is understood: every default written out. What it prints can be used as a project file. */
export async function config(context: Context, options: { readonly file?: string }): Promise<number> {
  const { terminal, json, cwd, env } = context;
  const { project, file } = await loadConfig({ cwd, env, ...options });
  const written = encodeProject(project);
  terminal.say(`# ${file}`);
  if (json) terminal.printJson(written);
  else await terminal.write(stringify(written));
  return EXIT.done;
}
