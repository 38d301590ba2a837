import type { IncomingMessage } from 'node:http';
import { decodeProject, type Entry, type Reeve, type UnitSpec } from '../../index.ts';
import type { Answer } from './answer.ts';
import { BadRequest } from './errors.ts';
import { launch } from './launch.ts';
import { countIn, flagIn, maxWaitIn, milestoneIn, outputQueryIn, readBody } from './request.ts';

/** Everything a route may know of the request it answers. */
export interface Call {
  readonly reeve: Reeve;
  /** `:id` of the path, decoded; `''` where the path has none. */
  readonly id: string;
  readonly query: URLSearchParams;
  readonly request: IncomingMessage;
  /** The client went away, or we are about to: whoever streams or waits stops. */
  readonly signal: AbortSignal;
  /** Stops everything and lets go of the state directory. */
  readonly goDown: () => Promise<void>;
}

export interface Route {
  readonly method: 'GET' | 'POST';
  /** Segments; `:id` stands for any one. */
  readonly path: string;
  readonly answer: (call: Call) => Answer | Promise<Answer>;
}

const NDJSON = 'application/x-ndjson';
const TEXT = 'text/plain; charset=utf-8';

/** The whole control surface. */
export const ROUTES: readonly Route[] = [
  { method: 'GET', path: '/v1/status', answer: ({ reeve }) => ({ json: reeve.status() }) },
  { method: 'GET', path: '/v1/units/:id', answer: ({ reeve, id }) => ({ json: { unit: reeve.unit(id).status() } }) },
  { method: 'POST', path: '/v1/units/:id/start', answer: (call) => request(call, 'start') },
  { method: 'POST', path: '/v1/units/:id/stop', answer: (call) => request(call, 'stop') },
  { method: 'POST', path: '/v1/units/:id/restart', answer: (call) => request(call, 'restart') },
  { method: 'POST', path: '/v1/units/:id/terminate', answer: terminate },
  { method: 'GET', path: '/v1/units/:id/result', answer: result },
  { method: 'GET', path: '/v1/units/:id/output', answer: output },
  { method: 'GET', path: '/v1/units/:id/follow', answer: follow },
  { method: 'GET', path: '/v1/units/:id/wait', answer: wait },
  { method: 'POST', path: '/v1/run', answer: run },
  { method: 'POST', path: '/v1/heal', answer: heal },
  { method: 'POST', path: '/v1/plan', answer: plan },
  { method: 'POST', path: '/v1/down', answer: down },
  { method: 'GET', path: '/v1/journal', answer: journal },
];

/** Answers when the request is satisfied. A client that goes away takes nothing back. */
async function request({ reeve, id }: Call, verb: 'start' | 'stop' | 'restart'): Promise<Answer> {
  const unit = reeve.unit(id);
  await unit[verb]();
  return { json: { unit: unit.status() } };
}

async function terminate({ reeve, id }: Call): Promise<Answer> {
  await reeve.unit(id).terminate();
  return { json: { unit: null } };
}

async function result({ reeve, id }: Call): Promise<Answer> {
  return { json: await reeve.unit(id).result() };
}

async function output({ reeve, id, query }: Call): Promise<Answer> {
  return { json: await reeve.unit(id).output(outputQueryIn(query)) };
}

function follow({ reeve, id, query, signal }: Call): Answer {
  const runId = query.get('run');
  const fromByte = countIn(query, 'from');
  const options = { ...(runId !== null && { runId }), ...(fromByte !== null && { fromByte }), signal };
  return { contentType: TEXT, chunks: reeve.unit(id).follow(options) };
}

/** `reached: false`: `maxWait` milliseconds have passed, and it is not there yet. */
async function wait({ reeve, id, query, signal }: Call): Promise<Answer> {
  const unit = reeve.unit(id);
  const milestone = milestoneIn(query);
  const maxWaitMs = maxWaitIn(query);
  const timeout = maxWaitMs === null ? null : AbortSignal.timeout(maxWaitMs);
  try {
    await unit.reached(milestone, { signal: timeout ? AbortSignal.any([signal, timeout]) : signal });
    return { json: { reached: true, result: await unit.result() } };
  } catch (error) {
    if (!timeout?.aborted) throw error;
    return { json: { reached: false, result: await unit.result() } };
  }
}

/** Answers when the start is on record; with `follow`, by what the job prints, from its first byte to its end. */
async function run({ reeve, query, request: incoming, signal }: Call): Promise<Answer> {
  const spec = unitOf(await readBody(incoming));
  const chunks = await launch(reeve, spec, signal);
  if (flagIn(query, 'follow')) return { contentType: TEXT, chunks };
  return { status: 201, json: { unit: reeve.unit(spec.id).status() } };
}

function unitOf({ id, unit }: Readonly<Record<string, unknown>>): UnitSpec {
  if (typeof id === 'string') {
    const [spec] = decodeProject({ units: { [id]: unit } }).units;
    if (spec) return spec;
  }
  const hint = 'Send {"id": "build", "unit": {"kind": "job", "command": ["make"]}}.';
  throw new BadRequest({ what: 'The body has no "id".', hint, status: 400 });
}

/** What an edited project file comes to; with `apply` it is done. */
async function plan({ reeve, query, request: incoming }: Call): Promise<Answer> {
  const { units, groups, queues } = decodeProject(await readBody(incoming));
  const planned = reeve.plan(units, { groups, queues, removeExtra: flagIn(query, 'removeExtra') });
  if (flagIn(query, 'apply')) await reeve.apply(planned);
  return { json: { changes: planned.changes } };
}

async function heal({ reeve, query }: Call): Promise<Answer> {
  return { json: await reeve.heal({ dryRun: flagIn(query, 'dryRun') }) };
}

/** The document is there when everything is at rest; the answer ends when the state directory is free. */
async function down({ reeve, goDown, signal }: Call): Promise<Answer> {
  await reeve.down();
  async function* chunks(): AsyncGenerator<string> {
    yield JSON.stringify(reeve.status());
    await goDown();
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  }
  return { contentType: 'application/json', chunks: chunks() };
}

/** As server-sent events, resumed by `Last-Event-ID`; or as lines of JSON, for those who ask for them. */
function journal({ reeve, query, request: incoming, signal }: Call): Answer {
  const unit = query.get('unit');
  const last = incoming.headers['last-event-id'];
  const after = typeof last === 'string' && /^\d+$/.test(last) ? Number(last) : countIn(query, 'after');
  const entries = reeve.journal({
    ...(unit !== null && { unit }),
    ...(after !== null && { after }),
    follow: flagIn(query, 'follow'),
    signal,
  });
  if (incoming.headers.accept?.includes(NDJSON)) return { contentType: NDJSON, chunks: printed(entries, lineOf) };
  return { contentType: 'text/event-stream', chunks: printed(entries, serverSentEventOf) };
}

async function* printed(entries: AsyncIterable<Entry>, print: (entry: Entry) => string): AsyncGenerator<string> {
  for await (const entry of entries) yield print(entry);
}

const lineOf = (entry: Entry): string => `${JSON.stringify(entry)}\n`;

const serverSentEventOf = (entry: Entry): string =>
  `id: ${entry.seq}\nevent: ${entry.event.type}\ndata: ${JSON.stringify(entry)}\n\n`;
