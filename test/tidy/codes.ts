/** Users look up an error by its code. Every code is documented, and nothing else is. */
import { isCode, isOurs } from './imports.ts';
import { type Source, withoutComments } from './source.ts';

/** The tags of every error class in the sources: a fault's code is its class' own name. */
export function codesIn(sources: readonly Source[]): readonly string[] {
  return sources
    .filter((source) => isCode(source) && isOurs(source))
    .flatMap(({ text }) => [...withoutComments(text).matchAll(/\bData\.TaggedError\('(\w+)'\)/g)])
    .map(([, code]) => code ?? '')
    .sort();
}

/** The codes in the first column of the Markdown table under a heading. */
export function codesDocumentedIn(markdown: string, heading: string): readonly string[] {
  const [, after = ''] = markdown.split(new RegExp(`^#+ ${heading}$`, 'm'));
  const [section = ''] = after.split(/^#+ /m);
  return [...section.matchAll(/^\| *`(\w+)`/gm)].map(([, code]) => code ?? '').sort();
}

export function codesThatDiffer(inCode: readonly string[], inDocs: readonly string[]): readonly string[] {
  return [
    ...inCode.filter((code) => !inDocs.includes(code)).map((code) => `${code} is an error, and is not documented`),
    ...inDocs.filter((code) => !inCode.includes(code)).map((code) => `${code} is documented, and no error has it`),
  ];
}
