import type {
  Entry,
  HealReport,
  Milestone,
  OutputQuery,
  OutputSlice,
  Plan,
  ProjectInput,
  ProjectStatus,
  Result,
  UnitStatus,
} from '../../index.ts';
import { addressOf } from './address.ts';
import { ControlSilent } from './errors.ts';
import { createTransport, isNobodyThere, type Transport } from './transport.ts';

export type Verb = 'start' | 'stop' | 'restart';

/** A live orchestrator, from outside of its process. Every method rejects with `ControlRefused`, in its words. */
export interface ControlClient {
  status(): Promise<ProjectStatus>;
  unit(id: string): Promise<UnitStatus>;
  /** Resolves when it is satisfied, with the unit as it is then. */
  request(id: string, verb: Verb): Promise<UnitStatus>;
  terminate(id: string): Promise<void>;
  result(id: string): Promise<Result>;
  output(id: string, query: Partial<OutputQuery> & { readonly runId?: string }): Promise<OutputSlice>;
  /** What it prints from now on, or from a byte; ends with the run. */
  follow(
    id: string,
    options: { readonly from?: number; readonly runId?: string; readonly signal?: AbortSignal },
  ): AsyncIterable<string>;
  /** `reached: false`: not within `maxWaitMs`. */
  wait(
    id: string,
    options: { readonly for?: Milestone; readonly maxWaitMs?: number; readonly signal?: AbortSignal },
  ): Promise<{ readonly reached: boolean; readonly result: Result }>;
  /** Adds a unit, as a project file would write it, and starts it. Resolves when the start is on record. */
  run(id: string, unit: unknown): Promise<UnitStatus>;
  /** The same, and all that it prints, to its end. */
  runAndFollow(id: string, unit: unknown, signal: AbortSignal): Promise<AsyncIterable<string>>;
  heal(options: { readonly dryRun: boolean }): Promise<HealReport>;
  /** What a project, as a file would write it, comes to; with `apply` it is done. */
  plan(
    project: ProjectInput,
    options: { readonly apply: boolean; readonly removeExtra: boolean },
  ): Promise<Pick<Plan, 'changes'>>;
  /** Resolves when everything is at rest and the state directory is free. */
  down(): Promise<ProjectStatus>;
  journal(options: {
    readonly unit?: string;
    readonly after?: number;
    readonly follow?: boolean;
    readonly signal?: AbortSignal;
  }): AsyncIterable<Entry>;
}

/** How long an orchestrator may take to say how it is. It does nothing else first. */
const GREETING_MS_MAX = 5_000;

/**
 * The orchestrator of a state directory, or `null`: nobody serves there.
 *
 * @throws {ControlSilent} Somebody does, and does not answer.
 */
export async function connectControl(stateDir: string): Promise<ControlClient | null> {
  const transport = createTransport(stateDir, addressOf(stateDir));
  const deadline = AbortSignal.timeout(GREETING_MS_MAX);
  try {
    await transport.json('GET', '/v1/status', { signal: deadline });
  } catch (error) {
    if (isNobodyThere(error)) return null;
    throw deadline.aborted ? new ControlSilent({ stateDir, waitedMs: GREETING_MS_MAX }) : error;
  }
  return clientOver(transport);
}

/** The shapes of the answers are those of the routes: both ends are this version of reeve. */
function clientOver(transport: Transport): ControlClient {
  const of = (id: string): string => `/v1/units/${encodeURIComponent(id)}`;
  const at = (id: string, what: string): string => `${of(id)}/${what}`;
  return {
    status: () => transport.json('GET', '/v1/status'),
    async unit(id) {
      return (await transport.json<{ unit: UnitStatus }>('GET', of(id))).unit;
    },
    async request(id, verb) {
      return (await transport.json<{ unit: UnitStatus }>('POST', at(id, verb))).unit;
    },
    async terminate(id) {
      await transport.json('POST', at(id, 'terminate'));
    },
    result: (id) => transport.json('GET', at(id, 'result')),
    output: (id, { runId, ...query }) => transport.json('GET', at(id, 'output'), { query: { ...query, run: runId } }),
    async *follow(id, { from, runId, signal }) {
      yield* await transport.text('GET', at(id, 'follow'), { query: { from, run: runId }, signal });
    },
    wait: (id, { for: milestone, maxWaitMs, signal }) =>
      transport.json('GET', at(id, 'wait'), { query: { for: milestone, maxWait: maxWaitMs }, signal }),
    async run(id, unit) {
      return (await transport.json<{ unit: UnitStatus }>('POST', '/v1/run', { body: { id, unit } })).unit;
    },
    runAndFollow: (id, unit, signal) =>
      transport.text('POST', '/v1/run', { body: { id, unit }, query: { follow: true }, signal }),
    plan: (body, query) => transport.json('POST', '/v1/plan', { body, query }),
    heal: (query) => transport.json('POST', '/v1/heal', { query }),
    down: () => transport.json('POST', '/v1/down'),
    async *journal({ signal, ...query }) {
      const headers = { accept: 'application/x-ndjson' };
      for await (const line of linesOf(await transport.text('GET', '/v1/journal', { query, headers, signal }))) {
        yield JSON.parse(line) as Entry;
      }
    },
  };
}

async function* linesOf(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}
