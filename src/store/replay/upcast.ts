/**
 * What older traces say, in today's words.
 *
 * Events: `UPCASTERS[n]` turns an event of schema `n` into one of schema `n + 1`; a trace names its schema, and its
 * events go through all that follow. Contexts: what today's machine keeps beside what was recorded begins as it does
 * for a new unit, exactly as a live unit's does after an upgrade.
 */
import { EVENT_SCHEMA } from '../../machines/events.ts';
import type { Json } from '../../machines/vocabulary.ts';
import type { Entry } from '../rows.ts';

type EventData = Readonly<Record<string, Json>> & { readonly type: string };
export type Upcaster = (event: EventData, entry: Entry) => EventData;
/** By the schema that they lead away from. */
export type Upcasters = Readonly<Record<number, Upcaster>>;

/** Schema 1 is the first one: nothing leads away from it yet. */
export const UPCASTERS: Upcasters = {};

/** An entry whose event has been brought from schema `from` to schema `to`. Told events in its commands, too. */
export function upcast(entry: Entry, from: number, upcasters: Upcasters = UPCASTERS, to = EVENT_SCHEMA): Entry {
  if (from >= to) return entry;
  const lift = (event: unknown): Entry['event'] => {
    let data = event as EventData;
    for (let schema = from; schema < to; schema++) data = upcasters[schema]?.(data, entry) ?? data;
    return data as unknown as Entry['event'];
  };
  const commands = entry.commands.map((command) =>
    command.type === 'tell'
      ? { ...command, params: { ...command.params, event: lift(command.params.event) } }
      : command,
  );
  return { ...entry, event: lift(entry.event), commands };
}

/** A context with all that its machine keeps today; what was recorded stays as it was. */
export function completed(context: Readonly<Record<string, Json>>, fresh: Readonly<Record<string, unknown>>) {
  const isWhole = Object.keys(fresh).every((key) => key in context);
  return isWhole ? context : ({ ...fresh, ...context } as Readonly<Record<string, Json>>);
}
