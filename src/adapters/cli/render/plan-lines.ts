import type { PlannedChange } from '../../../index.ts';

const WORDS: Readonly<Record<PlannedChange['change'], string>> = {
  add: '+ add',
  restart: '~ restart',
  replace: '~ new spec, at rest',
  remove: '- remove',
  keep: '  keep',
  extra: '! not in the project file, kept: --remove-extra removes it',
};

/** What a plan says, a line for each unit that it touches or leaves over. */
export function planLines(changes: readonly PlannedChange[]): readonly string[] {
  const told = changes.filter(({ change }) => change !== 'keep');
  const kept = changes.length - told.length;
  return [
    ...told.map(
      ({ unit, change, keys }) => `${WORDS[change]}  ${unit}${keys.length > 0 ? ` (${keys.join(', ')})` : ''}`,
    ),
    ...(kept > 0 ? [kept === 1 ? '  1 unit is kept as it is' : `  ${kept} units are kept as they are`] : []),
  ];
}
