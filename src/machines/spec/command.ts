import * as Schema from 'effect/Schema';
import { refusal } from './fault.ts';
import { whyNul } from './names.ts';

const EXAMPLE = 'write a text for the shell, or a list such as [node, api.js]';

/** A program and its arguments, executed as they are. */
export const Argv = Schema.Array(Schema.String.check(Schema.makeFilter(whyNul)))
  .annotate({ expected: 'a list of texts', hint: 'write a list such as [node, api.js]' })
  .check(
    Schema.makeFilter((argv) => {
      if (argv.length === 0) return refusal('is empty', EXAMPLE);
      return argv[0]!.trim() === '' ? { path: [0], issue: refusal('the program is empty', EXAMPLE) } : undefined;
    }),
  );

/** A text is run by a shell, a list is executed as it is. */
export const Command = Schema.Union([
  Schema.String.check(Schema.makeFilter((line) => (line.trim() === '' ? refusal('is empty', EXAMPLE) : whyNul(line)))),
  Argv,
]).annotate({ expected: 'a command', hint: EXAMPLE });
