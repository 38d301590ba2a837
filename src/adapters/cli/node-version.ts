/** The oldest Node that has what reeve stands on. The same as `engines` in package.json. */
export const NODE_NEEDED = '22.19.0';

/**
 * What to tell somebody whose Node is too old; `null` if it is not.
 *
 * Asked before anything else is loaded, because the rest would fail first, and not in words.
 */
export function complaintAbout(found: string): string | null {
  if (!isOlder(found, NODE_NEEDED)) return null;
  return [
    `reeve needs Node ${NODE_NEEDED} or newer; this is Node ${found}.`,
    '  In a project:  npm install --save-dev node@24, and then: npx reeve …',
    '  In a clone:    npm ci brings Node 24 along, and then: npm run reeve -- …',
  ].join('\n');
}

function isOlder(found: string, needed: string): boolean {
  const [a, b] = [found, needed].map((version) => version.split('.').map((part) => Number.parseInt(part, 10)));
  for (const index of [0, 1, 2]) {
    const difference = (a?.[index] ?? 0) - (b?.[index] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
