import type { Fact } from '../machines/events.ts';
import type { Problem } from '../machines/vocabulary.ts';

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
      const { said, ...exit } = fact.exit;
      return said === undefined ? fact : { ...fact, exit: { ...exit, said: redact(said) } };
    }
    case 'run.launched':
    case 'run.revoked':
    case 'run.claimed':
    case 'run.adopted':
    case 'run.lost':
    case 'probe.passed':
    case 'activity.ceased':
      return fact;
  }
}

const redactProblem = ({ code, message, hint }: Problem, redact: Redact): Problem => ({
  code,
  message: redact(message),
  hint: redact(hint),
});
