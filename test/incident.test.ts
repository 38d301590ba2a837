/** The incident is found out by the commands on its page, and they print what stands there. */
import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import { loadConfig } from '../src/adapters/config/load.ts';
import { seen } from './adapters/cli/replay/said.ts';

const directory = fileURLToPath(new URL('../examples/incident/', import.meta.url));
const PAGE = `${directory}README.md`;
const FENCE = /^```console\n\$ reeve (.*)\n[\s\S]*?^```$/gm;

/** The page, with what its commands print now. */
async function written(page: string): Promise<string> {
  const outputs: string[] = [];
  for (const [, command = ''] of page.matchAll(FENCE)) {
    outputs.push(`\`\`\`console\n$ reeve ${command}\n${await seen(wordsOf(command), { cwd: directory })}\`\`\``);
  }
  return page.replace(FENCE, () => outputs.shift() ?? '');
}

/** As a shell would part it: what is in quotes is one word. */
const wordsOf = (command: string): readonly string[] =>
  [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');

test('what its commands print is what stands on the page', async () => {
  vi.stubEnv('TZ', 'UTC');
  const page = readFileSync(PAGE, 'utf8');
  expect([...page.matchAll(FENCE)].length).toBeGreaterThan(6);
  await expect(await written(page)).toMatchFileSnapshot(PAGE);
});

test('the page says of the commands what they show', async () => {
  vi.stubEnv('TZ', 'UTC');
  const at = { cwd: directory };
  const ends = await seen(['replay', 'shop.jsonl.gz', '--unit', 'web', '--watch', 'outcome.kind'], at);
  expect(ends.match(/→ "\w+"/g)).toEqual(Array(5).fill('→ "stopped"'));
  const age = 'event.type = "probe.exhausted" ? entry.atMs - context.run.startedMs';
  const ages = await seen(['replay', 'shop.jsonl.gz', '--unit', 'cache', '--eval', age], at);
  const rounded = [...ages.matchAll(/probe\.exhausted {2}(\d+)$/gm)].map(([, ms]) => Math.round(Number(ms) / 100) / 10);
  expect(rounded).toEqual([3.9, 4.8, 4.8, 4.8, 3.6]);
});

test('the project is one, and its trace small', async () => {
  const { project } = await loadConfig({ cwd: directory, env: {} });
  expect(project.units.map(({ id }) => id)).toEqual(['cache', 'web']);
  expect(statSync(`${directory}shop.jsonl.gz`).size).toBeLessThan(20_000);
});
