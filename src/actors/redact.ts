import type { Fact } from '../machines/events.ts';
import type { Json, Problem } from '../machines/vocabulary.ts';

export type Redact = (text: string) => string;

/**
 * A fact as it may be written down: the words in it that programs and systems wrote are without secrets (I7).
 *
 * The rest are numbers and names of our own, which must stay what they are: a run is found again by them.
 */
export function redactFact(fact: Fact, redact: Redact = (text) => text): Fact {
  switch (fact.type) {
    case 'run.launch-failed':
    case 'driver.failed':
      return { ...fact, problem: redactProblem(fact.problem, redact) };
    case 'probe.failed':
    case 'probe.exhausted':
      return { ...fact, detail: redact(fact.detail) };
    case 'run.progressed':
    case 'activity.resumed':
      return { ...fact, text: redact(fact.text) };
    case 'run.blocked':
      return { ...fact, on: fact.on === null ? null : redact(fact.on) };
    case 'run.swept':
      return { ...fact, survivors: fact.survivors.map(({ pid, command }) => ({ pid, command: redact(command) })) };
    case 'watch.observed':
      return { ...fact, what: fact.what.map(redact) };
    case 'run.exited': {
      const { said, threw, returned } = fact.exit;
      const words = {
        ...(said !== undefined && { said: redact(said) }),
        ...(threw !== undefined && { threw: redact(threw) }),
      };
      const value = returned !== undefined && { returned: redactJson(returned, redact) };
      return { ...fact, exit: { ...fact.exit, ...words, ...value } };
    }
    case 'run.launched':
    case 'run.revoked':
    case 'run.claimed':
    case 'run.adopted':
    case 'run.lost':
    case 'run.printed':
    case 'probe.passed':
    case 'activity.ceased':
      return fact;
    default:
      // A driver of somebody else's may say what there is no word for here. Machines pass over it.
      return redactJson(fact satisfies never, redact) as unknown as Fact;
  }
}

/** Names of keys are the program's own, and stay. */
function redactJson(value: Json, redact: Redact): Json {
  if (typeof value === 'string') return redact(value);
  if (typeof value !== 'object' || value === null) return value;
  if (isList(value)) return value.map((one) => redactJson(one, redact));
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, redactJson(one, redact)]));
}

const isList = (value: object): value is readonly Json[] => Array.isArray(value);

const redactProblem = ({ code, message, hint }: Problem, redact: Redact): Problem => ({
  code,
  message: redact(message),
  hint: redact(hint),
});
