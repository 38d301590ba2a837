import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { complaintAbout, NODE_NEEDED } from '../../../src/adapters/cli/node-version.ts';

test.each(['22.19.0', '22.20.0', '23.0.0', '24.21.0', '24.0.0-nightly', '100.0.0'])(
  'Node %s is new enough',
  (found) => {
    expect(complaintAbout(found)).toBeNull();
  },
);

test.each(['22.18.9', '22.9.0', '20.20.2', '8.17.0', '22.19'.slice(0, 4)])(
  'Node %s is told what is needed',
  (found) => {
    const complaint = complaintAbout(found);
    expect(complaint).toContain(`needs Node ${NODE_NEEDED} or newer; this is Node ${found}.`);
    expect(complaint).toContain('npm install --save-dev node@24, and then: npx reeve …');
    expect(complaint).toContain('npm run reeve -- …');
  },
);

test('the Node that is asked for is the one in package.json', () => {
  const manifest = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
  expect(manifest.engines.node).toBe(`>=${NODE_NEEDED.replace(/\.0$/, '')}`);
});
