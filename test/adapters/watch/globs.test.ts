import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { planWatch } from '../../../src/adapters/watch/globs.ts';

let root = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'reeve-globs-'));
  for (const name of ['app/src', 'app/test', 'lib']) mkdirSync(join(root, name), { recursive: true });
});
afterAll(() => rmSync(root, { recursive: true }));

const at = (...names: string[]) => names.map((name) => join(root, name));

test.each([
  [['src/**/*.ts', 'test/*.ts', 'src/*.css'], ['app/src', 'app/test'], []],
  [['**/*.ts'], ['app'], []],
  [['package.json', 'src/main.ts'], ['app', 'app/src'], []],
  [['{src,test}/**'], ['app'], []],
  [['../lib/**'], ['lib'], []],
  [['dist/js/**', '!dist/js/map/**'], ['app'], ['dist/js']],
])('%j is watched in %j', (globs, roots, missing) => {
  const plan = planWatch(globs, join(root, 'app'));
  expect({ roots: plan.roots, missing: plan.missing }).toEqual({ roots: at(...roots), missing });
});

test.each([
  ['src/**/*.ts', 'app/src/a/b.ts', 'src/a/b.ts'],
  ['./src/*.ts', 'app/src/b.ts', 'src/b.ts'],
  ['../lib/**', 'lib/x', '../lib/x'],
  ['src/**', 'app/src/.env', null],
  ['src/.env', 'app/src/.env', 'src/.env'],
  ['src/*.ts', 'app/src/a/b.ts', null],
])('%s and the file %s: %s', (glob, file, name) => {
  expect(planWatch([glob], join(root, 'app')).match(at(file)[0]!)).toBe(name);
});

test('an absolute glob matches, and is shown relative to the working directory', () => {
  const plan = planWatch([join(root, 'lib/*.json')], join(root, 'app'));
  expect(plan.match(at('lib/a.json')[0]!)).toBe('../lib/a.json');
});

test('only the way to a base, and what is below it, is looked at', () => {
  const { ignores } = planWatch(['dist/js/**', 'app.json'], join(root, 'app'));
  const paths = ['app', 'app/dist', 'app/dist/js/x/y.js', 'app/app.json', 'app/src', 'app/dist/css', 'app/app.json2'];
  expect(at(...paths).map(ignores)).toEqual([false, false, false, false, true, true, true]);
});

test('node_modules and .git are looked at only where a glob names them', () => {
  const app = join(root, 'app');
  expect(planWatch(['**'], app).ignores(join(app, 'node_modules'))).toBe(true);
  expect(planWatch(['**'], app).ignores(join(app, 'a/.git/HEAD'))).toBe(true);
  expect(planWatch(['node_modules/mine/**'], app).ignores(join(app, 'node_modules/mine/x.js'))).toBe(false);
});
