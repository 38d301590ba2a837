/** Numbers of one machine mean little on another; ratios between two things measured side by side mean much more. */

export type Unit = 'µs' | 'ms' | 'KB';

/** One way of doing the work. `round` does it once and answers what it cost, in the unit of its benchmark. */
export interface Contestant {
  readonly label: string;
  round(): number | Promise<number>;
}

export interface Comparison {
  readonly benchmark: string;
  readonly unit: Unit;
  readonly ours: { readonly label: string; readonly cost: number };
  readonly peer: { readonly label: string; readonly cost: number };
  /** Ours divided by the peer's: below 1 is cheaper than the peer. */
  readonly ratio: number;
}

/** What could not be measured here, and why. */
export interface Skipped {
  readonly benchmark: string;
  readonly skipped: string;
}

export type Finding = Comparison | Skipped;

export interface Effort {
  readonly isQuick: boolean;
}

export interface Benchmark {
  readonly name: string;
  run(effort: Effort): Promise<readonly Finding[]>;
}

/**
 * Lets contestants take turns, and compares the medians of each pair.
 *
 * The turns are interleaved and their order is reversed every other round, so that what else the machine does, and the
 * garbage that one leaves for the next to collect, meets all of them alike. The first turn of each warms it up and does
 * not count, unless it is the only one.
 */
export async function compare(
  { benchmark, unit, rounds }: { readonly benchmark: string; readonly unit: Unit; readonly rounds: number },
  pairs: readonly (readonly [ours: Contestant, peer: Contestant])[],
): Promise<readonly Comparison[]> {
  const costs = new Map<Contestant, number[]>(pairs.flat().map((contestant) => [contestant, []]));
  const inOrder = [...costs];
  const warmUps = rounds > 1 ? 1 : 0;
  for (let turn = 0; turn < warmUps + rounds; turn++) {
    for (const [contestant, seen] of turn % 2 === 0 ? inOrder : inOrder.toReversed()) {
      const cost = await contestant.round();
      if (turn >= warmUps) seen.push(cost);
    }
  }
  const result = (contestant: Contestant) => ({
    label: contestant.label,
    cost: median(costs.get(contestant) ?? []),
  });
  return pairs.map(([one, other]) => {
    const [ours, peer] = [result(one), result(other)];
    return { benchmark, unit, ours, peer, ratio: ours.cost / peer.cost };
  });
}

/**
 * Microseconds of CPU time, garbage collection included, that one of `operations` took when `work` does them all.
 *
 * Not wall time: on a machine that does other things too, that is mostly a measure of the other things.
 */
export async function cpuMicrosecondsEach(operations: number, work: () => void | Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / operations;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = Number.NaN, high = Number.NaN] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return (low + high) / 2;
}

/** How long the longest turn of the event loop took until the end is asked for. */
export function longestWaitMs(): { end(): Promise<number> } {
  let [longestMs, lastMs, isOver] = [0, performance.now(), false];
  const turn = (): void => {
    const nowMs = performance.now();
    longestMs = Math.max(longestMs, nowMs - lastMs);
    lastMs = nowMs;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  return {
    async end() {
      await new Promise(setImmediate);
      isOver = true;
      return longestMs;
    },
  };
}
