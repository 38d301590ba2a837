import { positionOf, type Source } from './source.ts';
import { readYaml } from './yaml.ts';

/**
 * Strict JSON: no comments, no trailing commas.
 *
 * YAML contains JSON, so lines and doubled keys are found by reading the same text as YAML.
 */
export function readJson(text: string): Source {
  const { found, message } = parse(text);
  if (message !== null) {
    const offset = faultOffset(text);
    const hint = offset >= text.trimEnd().length ? 'the text ends too early' : STRICT;
    const fault = { position: positionOf(text, offset), message: 'this is not JSON', hint };
    return { input: null, faults: [fault], locate: () => null };
  }
  const { faults, locate } = readYaml(text);
  return { input: found, faults: faults.filter(({ message: words }) => MEANT.test(words)), locate };
}

function parse(text: string): { readonly found: unknown; readonly message: string | null } {
  try {
    return { found: JSON.parse(text), message: null };
  } catch (error) {
    return { found: null, message: error instanceof Error ? error.message : '' };
  }
}

/**
 * The parser does not always say where it stopped, and its words quote the text, which may hold passwords. But it reads
 * from left to right: a text cut before the fault ends too early, one cut behind it is broken. Halving finds the edge.
 */
function faultOffset(text: string): number {
  let sound = 0;
  let broken = text.length + 1;
  while (broken - sound > 1) {
    const middle = Math.floor((sound + broken) / 2);
    if (endsTooEarly(text.slice(0, middle))) sound = middle;
    else broken = middle;
  }
  return sound;
}

function endsTooEarly(text: string): boolean {
  const { message } = parse(text);
  if (message === null || message.startsWith('Unexpected end')) return true;
  return message.includes(`at position ${text.length}`);
}

/** Of what YAML finds wrong, this is wrong in JSON too. */
const MEANT = / is here twice$| nested too deeply$/;

const STRICT =
  'JSON has no comments, no comma after the last item, and names and texts in double quotes; YAML is freer';
