import { type AnyActorRef, type AnyMachineSnapshot, type AnyStateMachine, createActor } from 'xstate';
import { problemOf } from '../machines/errors.ts';
import type { Stepper } from '../machines/step.ts';
import { stateOf } from '../machines/view.ts';
import type { UnitId } from '../machines/vocabulary.ts';
import type { ComputedStep } from './computed.ts';
import type { Log } from './ports.ts';

/** The key under which a committed snapshot travels to the public actor. Nobody outside can forge it. */
const PUBLISH = Symbol('publish');

/** One machine, alive. `snapshot` is what was committed last; the public `ref` shows exactly that, and nothing else. */
export interface UnitActor {
  readonly id: UnitId;
  readonly stepper: Stepper;
  readonly definition: string;
  readonly version: number;
  readonly ref: AnyActorRef;
  snapshot: AnyMachineSnapshot;
  aseq: number;
  /** Entries since the last stored snapshot. */
  unsnapped: number;
  /** Why it is not trusted with events any more; its process runs on. */
  quarantined: string | null;
  /** It was let begin again once, in order to end. If that fails too, nobody waits for it any more. */
  released: boolean;
  /** The outbox row of a launch that was not answered yet. */
  launching: { readonly seq: number; readonly index: number } | null;
}

/** What somebody sent to the public actor: it is recorded like any other event, and nothing happens before. */
export type Accept = (unitId: UnitId, event: { readonly type: string }) => void;

/**
 * Makes the public side of an actor: a real XState `ActorRef` that computes nothing.
 *
 * `send` hands the event to the recorder; a new snapshot arrives by {@link publish} after its commit. Observers and
 * inspectors are guarded: XState lets an inspector that throws wedge the mailbox for ever, and an observer that throws
 * end the process.
 */
export function createPublicRef(
  id: UnitId,
  machine: AnyStateMachine,
  snapshot: AnyMachineSnapshot,
  accept: Accept,
  onFault: (error: unknown) => void,
): AnyActorRef {
  const logic: AnyStateMachine = Object.create(machine);
  logic.restoreSnapshot = ((restored: AnyMachineSnapshot) => restored) as AnyStateMachine['restoreSnapshot'];
  logic.transition = ((current: AnyMachineSnapshot, event: { type: string; [PUBLISH]?: AnyMachineSnapshot }) => {
    const published = event[PUBLISH];
    if (published) return published;
    if (!event.type.startsWith('xstate.')) accept(id, event);
    return current;
  }) as AnyStateMachine['transition'];
  const ref = createActor(logic, { snapshot: snapshot as never });
  guardObservers(ref, onFault);
  ref.subscribe({ error: onFault });
  return ref.start();
}

/** Lets an actor be where a step has led it, and everybody see it. An observer that throws changes nothing. */
export function publish({ actor, event, entry, next, unsnapped }: ComputedStep, log: Log): void {
  // It has ended, which it was let begin again for.
  const isNewRun = next.context.generation !== actor.snapshot.context.generation;
  if (isNewRun || stateOf(next.value).state === 'reaped') actor.released = false;
  actor.snapshot = next;
  actor.aseq = entry.aseq;
  actor.unsnapped = unsnapped;
  if (actor.launching && stateOf(next.value).state !== 'spawning') actor.launching = null;
  try {
    actor.ref.send({ ...event, [PUBLISH]: next });
  } catch (error) {
    log.error({ unit: actor.id }, `an observer failed: ${problemOf(error).message}`);
  }
}

type Listener = ((value: never) => void) | { next?: (value: never) => void };

function guardObservers(ref: AnyActorRef, onFault: (error: unknown) => void): void {
  const guard =
    (listener: (value: never) => void) =>
    (value: never): void => {
      try {
        listener(value);
      } catch (error) {
        onFault(error);
      }
    };
  const guarded = (listener: Listener): Listener =>
    typeof listener === 'function'
      ? guard(listener)
      : { ...listener, ...(listener.next && { next: guard(listener.next.bind(listener)) }) };

  const subscribe = ref.subscribe.bind(ref) as (...listeners: unknown[]) => unknown;
  ref.subscribe = ((listener: Listener, ...rest: unknown[]) =>
    subscribe(listener && guarded(listener), ...rest)) as typeof ref.subscribe;
  const inspect = ref.system.inspect.bind(ref.system) as (listener: unknown) => ReturnType<typeof ref.system.inspect>;
  ref.system.inspect = ((listener: Listener) => inspect(guarded(listener))) as typeof ref.system.inspect;
}
