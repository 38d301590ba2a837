import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildInto } from '../../scripts/build.ts';
import { complaintAbout } from '../../src/adapters/cli/node-version.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** Beside the packages, so that what stays an import is found. */
const dist = mkdtempSync(join(root, 'node_modules/.reeve-dist-'));
const command = join(dist, 'reeve.js');
const OLD_NODE = ['/usr/bin/node', '/usr/local/bin/node'].find(isOldNode);

beforeAll(() => buildInto(dist), 60_000);
afterAll(() => rmSync(dist, { recursive: true, force: true }));

test('the library keeps its packages as imports, and loads', () => {
  const text = readdirSync(dist, { recursive: true, encoding: 'utf8' })
    .filter((name) => name === 'index.js' || name.startsWith('library/'))
    .filter((name) => name.endsWith('.js'))
    .map((name) => readFileSync(join(dist, name), 'utf8'))
    .join('\n');
  expect(text).toMatch(/from\s*"xstate"/);
  const { status, stdout } = node(process.execPath, [
    '-e',
    `import('${dist}/index.js').then((m) => console.log(typeof m.openReeve))`,
  ]);
  expect([status, stdout]).toEqual([0, 'function\n']);
});

test('the command is executable, and what it loads before it has looked at its version loads nothing further', () => {
  const text = readFileSync(command, 'utf8');
  expect([text.split('\n')[0], statSync(command).mode & 0o111]).toEqual(['#!/usr/bin/env node', 0o111]);
  const chunks = importsIn(text).filter((from) => !from.startsWith('node:'));
  const further = chunks.flatMap((chunk) => importsIn(readFileSync(join(dist, chunk), 'utf8')));
  expect(further).toEqual(chunks.map(() => 'node:module'));
});

test('the command runs from its bundle', () => {
  const { status, stderr } = node(process.execPath, [command, '--help']);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

test.skipIf(OLD_NODE === undefined)('an old Node is told which one is needed, and gets no stack trace', () => {
  const { status, stdout, stderr } = node(OLD_NODE ?? '', [command, 'up']);
  const version = node(OLD_NODE ?? '', ['-p', 'process.versions.node']).stdout.trim();
  expect({ status, stdout, stderr }).toEqual({ status: 1, stdout: '', stderr: `${complaintAbout(version)}\n` });
});

const importsIn = (text: string): readonly string[] =>
  [...text.matchAll(/^import\s(?:.*from )?['"]([^'"]+)['"];$/gm)].map(([, from]) => from ?? '');

function node(path: string, args: readonly string[]) {
  return spawnSync(path, args, { encoding: 'utf8' });
}

function isOldNode(path: string): boolean {
  return existsSync(path) && complaintAbout(node(path, ['-p', 'process.versions.node']).stdout.trim()) !== null;
}
