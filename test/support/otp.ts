/**
 * A supervisor as OTP describes it, small and independent of ours: who is touched when members of a group die together.
 *
 * Three things are ours. Every member has a budget of its own. Who gives up takes along those that share its fate, and
 * nobody above them. Who rests is not brought back by the death of another.
 */
import type { GroupStrategy } from '../../src/machines/spec.ts';

export interface MemberSpec {
  readonly id: string;
  /** Restarts within the window; one more death, and it gives up. */
  readonly max: number;
}

interface Member extends MemberSpec {
  isUp: boolean;
  /** How each of its runs has ended, oldest first. */
  readonly ends: string[];
  restartsMs: number[];
}

export interface Otp {
  start(id: string): void;
  stop(id: string): void;
  /** All at the same moment. */
  die(ids: readonly string[], nowMs: number): void;
  /** Who is up, and how the runs of everybody have ended. */
  now(): Readonly<Record<string, { readonly isUp: boolean; readonly ends: readonly string[] }>>;
}

export function otp(strategy: GroupStrategy, specs: readonly MemberSpec[], withinMs: number): Otp {
  const members: Member[] = specs.map((spec) => ({ ...spec, isUp: false, ends: [], restartsMs: [] }));
  const memberOf = (id: string): Member => members.find((one) => one.id === id)!;
  const fateOf = (id: string): readonly Member[] => {
    if (strategy === 'one-for-one') return [];
    const from = strategy === 'one-for-all' ? 0 : members.findIndex((one) => one.id === id) + 1;
    return members.slice(from).filter((one) => one.id !== id);
  };
  return {
    start(id) {
      const member = memberOf(id);
      if (!member.isUp) member.restartsMs = [];
      member.isUp = true;
    },
    stop(id) {
      const member = memberOf(id);
      if (member.isUp) member.ends.push('stopped by user');
      member.isUp = false;
    },
    die(ids, nowMs) {
      const dead = ids.map(memberOf).filter(({ isUp }) => isUp);
      const touched = new Set(dead.flatMap(({ id }) => fateOf(id)).filter((one) => one.isUp && !dead.includes(one)));
      const fallen = new Set<Member>();
      for (const member of dead) {
        member.ends.push('crashed');
        member.restartsMs = member.restartsMs.filter((at) => nowMs - at < withinMs);
        if (member.restartsMs.length >= member.max) for (const one of [member, ...fateOf(member.id)]) fallen.add(one);
        else member.restartsMs.push(nowMs);
      }
      for (const member of touched) member.ends.push('stopped by group:g');
      for (const member of fallen) member.isUp = false;
    },
    now: () => Object.fromEntries(members.map(({ id, isUp, ends }) => [id, { isUp, ends: [...ends] }])),
  };
}
