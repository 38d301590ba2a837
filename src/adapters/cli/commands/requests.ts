import type { UnitStatus } from '../../../index.ts';
import type { Verb } from '../../http/client.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { resolveRef } from '../refs.ts';
import { stateWords } from '../render/status-table.ts';
import { requireControl } from '../view.ts';

/** Asks all units at once. Returns when every request is satisfied; the first that is refused is the error. */
export async function requests(context: Context, verb: Verb | 'terminate', refs: readonly string[]): Promise<number> {
  const { terminal, json } = context;
  const control = await requireControl(context);
  const known = await control.status();
  const ids = [...new Set(refs.map((ref) => resolveRef(ref, known)))];
  const answers = await Promise.allSettled(
    ids.map(async (id): Promise<UnitStatus | null> => {
      if (verb !== 'terminate') return control.request(id, verb);
      await control.terminate(id);
      return null;
    }),
  );
  const units = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  if (!json) {
    answers.forEach((answer, index) => {
      if (answer.status === 'fulfilled') terminal.print(wordsFor(ids[index] ?? '', answer.value));
    });
  }
  const refused = answers.find((answer) => answer.status === 'rejected');
  if (refused) throw refused.reason;
  if (json) terminal.printJson(documentOf(verb, ids, units));
  return EXIT.done;
}

function documentOf(verb: string, ids: readonly string[], units: readonly (UnitStatus | null)[]): unknown {
  if (verb === 'terminate') return { terminated: ids };
  return units.length === 1 ? { unit: units[0] } : { units };
}

const wordsFor = (id: string, unit: UnitStatus | null): string =>
  `${id}  ${unit === null ? 'terminated' : stateWords(unit)}`;
