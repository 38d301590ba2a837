export interface CitedTest {
  readonly path: string;
  readonly title: string;
}

/** A title belongs to the file that was named last before it: `test/a.test.ts`: “one”, “another”. */
export function citedTests(line: string): readonly CitedTest[] {
  const [, ...parts] = line.split(/`(?=test\/)/);
  return parts.flatMap((part) => {
    const [path = ''] = part.split('`');
    return [...part.matchAll(/“(?<title>[^”]+)”/g)].map(({ groups }) => ({ path, title: groups?.title ?? '' }));
  });
}
