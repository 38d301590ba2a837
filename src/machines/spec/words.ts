import type * as SchemaAST from 'effect/SchemaAST';
import type { Filter, Issue } from 'effect/SchemaIssue';
import { kindOf, type SpecFault, type SpecPath, show } from './fault.ts';
import { suggestion } from './nearest.ts';

/** What a key is called here that has another name in other tools. */
const ALIASES: Readonly<Record<string, string>> = {
  cmd: 'command',
  script: 'command',
  environment: 'env',
  depends_on: 'after',
  dependsOn: 'after',
  dir: 'cwd',
  directory: 'cwd',
  working_dir: 'cwd',
  health: 'ready',
  healthcheck: 'ready',
  readiness: 'ready',
  liveness: 'alive',
  ports: 'port',
};

/** A fault, and whether it only says that the value is of the wrong kind: then a union around it knows better words. */
interface Finding {
  readonly fault: SpecFault;
  readonly mismatch: boolean;
}

/**
 * The faults behind a schema's issue, in our words.
 *
 * @param input What was decoded: messages show the values in it, except under `env`, where they may be secrets.
 */
export function faultsOf(issue: Issue, input: unknown, path: SpecPath = []): readonly SpecFault[] {
  return findings(issue, input, path).map(({ fault }) => fault);
}

function findings(issue: Issue, value: unknown, path: SpecPath): readonly Finding[] {
  switch (issue._tag) {
    case 'Pointer': {
      const steps = issue.path.filter((step) => typeof step !== 'symbol');
      return findings(issue.issue, steps.reduce(child, value), [...path, ...steps]);
    }
    case 'Composite':
      return issue.issues.flatMap((inner) => findings(inner, value, path));
    case 'Filter':
      return ofFilter(issue, value, path);
    case 'Encoding':
      return findings(issue.issue, value, path);
    case 'AnyOf':
      return ofUnion(issue.ast, issue.issues, value, path);
    case 'MissingKey':
      return [invalid(path, `${lastOf(path)} is missing`)];
    case 'UnexpectedKey':
      return [invalid(path, `there is no option "${lastOf(path)}"`, insteadOf(lastOf(path), keysOf(issue.ast)))];
    case 'InvalidType':
      return [mismatch(issue.ast, value, path)];
    case 'InvalidValue':
      return [ofValue(issue.annotations, path)];
    default:
      return [invalid(path, 'is not valid')];
  }
}

/** The words are those of the issue; a refinement can only have them on the filter itself. */
function ofFilter({ filter, issue }: Filter, value: unknown, path: SpecPath): readonly Finding[] {
  const wordless = issue._tag === 'InvalidValue' && issue.annotations?.message === undefined;
  return wordless ? [ofValue(filter.annotations, path)] : findings(issue, value, path);
}

/** Without words it is only the form that is wrong, like that of a template. */
function ofValue(words: { readonly [word: string]: unknown } | undefined, path: SpecPath): Finding {
  const { message, hint } = words ?? {};
  if (typeof message !== 'string') return { ...invalid(path, 'is not valid'), mismatch: true };
  return invalid(path, message, typeof hint === 'string' ? hint : undefined);
}

/** The member that got further than the kind of the value was meant; if none did, the union says what it takes. */
function ofUnion(ast: SchemaAST.Union, issues: readonly Issue[], value: unknown, path: SpecPath): readonly Finding[] {
  const members = issues.map((inner) => findings(inner, value, path));
  const meant = members.find((found) => found.some((one) => !one.mismatch || one.fault.path.length > path.length));
  if (meant !== undefined) return meant;
  const own = wordsOf(ast);
  return own === null && members[0] !== undefined ? members[0] : [mismatch(ast, value, path)];
}

function mismatch(ast: SchemaAST.AST, value: unknown, path: SpecPath): Finding {
  const { expected, hint, literals } = wordsOf(ast) ?? innerWords(ast);
  const meant = typeof value === 'string' ? suggestion(value, literals) : undefined;
  if (value === null || value === undefined)
    return { ...invalid(path, `is empty, and should be ${expected}`), mismatch: true };
  const shown = path.includes('env') ? kindOf(value) : show(value);
  return { ...invalid(path, `${shown} is not ${expected}`, meant ?? hint), mismatch: true };
}

interface Words {
  readonly expected: string;
  readonly hint: string | undefined;
  readonly literals: readonly string[];
}

const KINDS: Partial<Record<SchemaAST.AST['_tag'], string>> = {
  String: 'a text',
  Number: 'a number',
  Boolean: 'true or false',
  Objects: 'a map',
  Arrays: 'a list',
};

/** What a schema says of itself: by annotation, or because it is nothing but names. `null`: its members know better. */
function wordsOf(ast: SchemaAST.AST): Words | null {
  // An annotation made after a check is kept by the check.
  const { expected, hint } = ast.checks?.at(-1)?.annotations ?? ast.annotations ?? {};
  const literals = literalsOf(ast);
  const onlyNames =
    ast._tag === 'Literal' || (ast._tag === 'Union' && ast.types.every((type) => type._tag === 'Literal'));
  const words = typeof expected === 'string' ? expected : onlyNames ? listed(literals) : KINDS[ast._tag];
  if (words === undefined) return null;
  return { expected: words, hint: typeof hint === 'string' ? hint : undefined, literals };
}

/** For `NullOr(…)` and the like, which say nothing themselves. */
function innerWords(ast: SchemaAST.AST): Words {
  const first = ast._tag === 'Union' ? ast.types[0] : undefined;
  if (first === undefined) return { expected: 'valid here', hint: undefined, literals: [] };
  return wordsOf(first) ?? innerWords(first);
}

function literalsOf(ast: SchemaAST.AST): readonly string[] {
  if (ast._tag === 'Literal') return [String(ast.literal)];
  return ast._tag === 'Union' ? ast.types.flatMap(literalsOf) : [];
}

function keysOf(ast: SchemaAST.AST): readonly string[] {
  return ast._tag === 'Objects' ? ast.propertySignatures.map(({ name }) => String(name)) : [];
}

function insteadOf(key: string, names: readonly string[]): string | undefined {
  const alias = Object.hasOwn(ALIASES, key) ? ALIASES[key] : undefined;
  if (alias !== undefined && names.includes(alias)) return `it is called "${alias}" here`;
  return suggestion(key, names) ?? `the options here are ${names.join(', ')}`;
}

const invalid = (path: SpecPath, message: string, hint?: string): Finding => ({
  fault: { code: 'InvalidSpec', path, message, ...(hint === undefined ? {} : { hint }) },
  mismatch: false,
});

const child = (value: unknown, step: string | number): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, step) : undefined;

const lastOf = (path: SpecPath): string => String(path.at(-1) ?? 'this');

const listed = (names: readonly string[]): string =>
  names.length === 1 ? names[0]! : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
