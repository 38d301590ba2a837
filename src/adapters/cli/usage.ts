/** Pieces that the descriptions of commands have in common. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { isFault, parseDuration } from '../../index.ts';
import type { Invocation } from './program.ts';

/** Adds a command. */
export type Add = (usage: string, description: string) => Command;
/** Makes of what a command shall do an action of the parser. */
export type Asks = <Arguments extends readonly unknown[]>(
  make: (...given: Arguments) => Invocation,
) => (...given: unknown[]) => void;

export const jsonOption = (): Option => new Option('--json', 'one JSON document on stdout');
export const fileOption = (): Option => new Option('-f, --file <file>', 'the project file');

/** A number of things. */
export function count(text: string): number {
  if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  throw new InvalidArgumentError('It is not a whole number.');
}

/** A plain number is seconds, as in other tools; with a unit it is what it says. */
export function seconds(text: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Math.round(Number(text) * 1_000);
  try {
    return parseDuration(text, '--max-wait');
  } catch (error) {
    throw new InvalidArgumentError(isFault(error) ? error.hint : String(error));
  }
}
