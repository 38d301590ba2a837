/** What the checks of the documentation need to see of Markdown: blocks of code, links, headings, tables. */

export interface Fence {
  readonly language: string;
  readonly code: string;
  /** The line of its first line of code, from 1. */
  readonly line: number;
}

export function fencesOf(markdown: string): readonly Fence[] {
  return [...markdown.matchAll(/^```(?<language>\w*)\n(?<code>[\s\S]*?)^```$/gm)].map(({ groups, index }) => ({
    language: groups?.language ?? '',
    code: groups?.code ?? '',
    line: markdown.slice(0, index).split('\n').length + 1,
  }));
}

/** Where links and pictures lead, outside of code. */
export function linksOf(markdown: string): readonly string[] {
  const prose = withoutCode(markdown);
  const inline = [...prose.matchAll(/\]\((?<target>[^()\s]+)\)/g)];
  const tags = [...prose.matchAll(/\b(?:src|href)="(?<target>[^"]+)"/g)];
  return [...inline, ...tags].map(({ groups }) => groups?.target ?? '');
}

/** The anchors that headings have where the page is shown. */
export function anchorsOf(markdown: string): readonly string[] {
  const headings = withoutCode(markdown).matchAll(/^#+ (?<words>.+)$/gm);
  return [...headings].map(({ groups }) =>
    (groups?.words ?? '')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\- ]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** The text under a heading, up to the next heading of any level. */
export function sectionOf(markdown: string, heading: string): string {
  const [, after = ''] = markdown.split(new RegExp(`^#+ ${heading}\\n`, 'm'));
  return after.split(/^#+ /m)[0] ?? '';
}

/** The cells of every row of the tables in a text, without the heads. */
export function rowsOf(markdown: string): readonly (readonly string[])[] {
  const lines = markdown.split('\n').filter((line) => line.startsWith('|'));
  const rows = lines.map((line) =>
    line
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim())
      .slice(1, -1),
  );
  return rows.filter((cells, at) => !isRule(cells) && !isRule(rows[at + 1] ?? []));
}

const isRule = (cells: readonly string[]): boolean => cells.length > 0 && cells.every((cell) => /^:?-+:?$/.test(cell));

const withoutCode = (markdown: string): string =>
  markdown.replaceAll(/^```[\s\S]*?^```$/gm, '').replaceAll(/`[^`\n]*`/g, (span) => span.replaceAll(/[[\]()]/g, ''));
