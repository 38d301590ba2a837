import { channel } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import { Readable } from 'node:stream';
import { afterEach, expect, test } from 'vitest';
import { silentLog } from '../../../src/adapters/log/silent.ts';
import { aliveCall, closedPort, closeServers, http, probeBench, readyCall, serve, serveSilence } from './bench.ts';

const benches: ReturnType<typeof probeBench>[] = [];
const bench: typeof probeBench = (options) => {
  const made = probeBench(options);
  benches.push(made);
  return made;
};

afterEach(async () => {
  for (const { probes } of benches.splice(0)) await probes.close();
  await closeServers();
});

/** Until the head of an answer from this address has arrived here. */
function headArrived(url: string): Promise<void> {
  const responses = channel('http.client.response.finish');
  return new Promise((resolve) => {
    const look = (message: unknown) => {
      const { request } = message as { request: ClientRequest };
      if (`http://${request.getHeader('host')}` !== url) return;
      responses.unsubscribe(look);
      resolve();
    };
    responses.subscribe(look);
  });
}

function* endless() {
  for (;;) yield Buffer.alloc(16 * 1024, '.');
}

/** What a readiness probe says first. */
async function firstWords(target: Parameters<typeof readyCall>[0]): Promise<string | undefined> {
  const { start, reported, said } = bench();
  await start(readyCall(target));
  await reported(1);
  return said()[0];
}

test('a port that accepts connections makes a unit ready, once, and the probe is over', async () => {
  const port = await serveSilence();
  const { start, reported, reports, clock } = bench();
  const call = readyCall({ tcp: port });
  await start(call);
  await reported(1);
  expect({ reports, pending: clock.pending() }).toEqual({
    reports: [{ unitId: 'api', cause: call.seq, fact: { type: 'probe.passed', generation: 4, probe: 'ready' } }],
    pending: 0,
  });
});

test('a port that only the IPv6 loopback listens on counts too', async () => {
  expect(await firstWords({ tcp: await serveSilence('::1') })).toBe('probe.passed');
});

test('a refused connection is named by address, over TCP and over HTTP', async () => {
  const port = await closedPort();
  const words = `probe.failed: connection refused on 127.0.0.1:${port}`;
  expect([await firstWords({ tcp: port }), await firstWords(http(`http://127.0.0.1:${port}/`))]).toEqual([
    words,
    words,
  ]);
});

test.each([
  [200, 'probe.passed'],
  [302, 'probe.passed'],
  [399, 'probe.passed'],
  [400, 'probe.failed: HTTP 400 from URL'],
  [401, 'probe.failed: HTTP 401 from URL: it is alive, but the probe is not authorised'],
  [503, 'probe.failed: HTTP 503 from URL'],
])('an answer of %i says: %s', async (status, words) => {
  const { url } = await serve((_, response) => response.writeHead(status).end('x'));
  expect(await firstWords(http(`${url}/health`))).toBe(words.replace('URL', `${url}/health`));
});

test('a wanted status is the only one that passes', async () => {
  const { url } = await serve((_, response) => response.writeHead(401).end());
  expect([
    await firstWords(http(`${url}/`, { status: 401 })),
    await firstWords(http(`${url}/`, { status: 200 })),
  ]).toEqual(['probe.passed', `probe.failed: HTTP 401 from ${url}/, wanted 200`]);
});

test('a redirect is not followed', async () => {
  const visited: (string | undefined)[] = [];
  const { url } = await serve((request, response) => {
    visited.push(request.url);
    response.writeHead(302, { location: '/elsewhere' }).end();
  });
  await firstWords(http(`${url}/`));
  expect(visited).toEqual(['/']);
});

test.each([
  ['what is wanted', '{"status":"ok"}', 'probe.passed'],
  ['another value', '{"status":"starting"}', 'probe.failed: "status" is "starting", wanted "ok"'],
  ['nothing of it', '{}', 'probe.failed: "status" is missing from URL, wanted "ok"'],
  ['no object', 'null', 'probe.failed: "status" is missing from URL, wanted "ok"'],
  ['no JSON', '<html>', 'probe.failed: the body from URL is not JSON'],
  ['too much', '['.repeat(70_000), 'probe.failed: the body from URL broke off, or is longer than 64 KB'],
])('a body with %s', async (_, body, words) => {
  const { url } = await serve((_request, response) => response.end(body));
  expect(await firstWords(http(`${url}/`, { json: { status: 'ok' } }))).toBe(words.replace('URL', `${url}/`));
});

test('half a body is no JSON answer, but enough where only the status is asked', async () => {
  const { url } = await serve((_, response) => {
    response.writeHead(200, { 'content-length': 100 });
    response.write('{"status":', () => response.destroy());
  });
  expect([await firstWords(http(`${url}/`, { json: { status: 'ok' } })), await firstWords(http(`${url}/`))]).toEqual([
    `probe.failed: the body from ${url}/ broke off, or is longer than 64 KB`,
    'probe.passed',
  ]);
});

test('no answer within the timeout is a failure; one millisecond earlier it is none yet', async () => {
  const port = await serveSilence();
  const { start, reported, said, clock } = bench();
  await start(readyCall(http(`http://127.0.0.1:${port}/`), { timeout: 1_500 }));

  clock.advance(1_499);
  expect(said()).toEqual([]);
  clock.advance(1);
  await reported(1);
  expect(said()).toEqual([`probe.failed: no answer from http://127.0.0.1:${port}/ within 1.5s`]);
});

test('a stream that pauses for ever passes by its status when the time is over', async () => {
  const { url } = await serve((_, response) => response.writeHead(200).write('data: 1\n\n'));
  const { start, reported, said, clock } = bench();
  const begun = headArrived(url);
  await start(readyCall(http(`${url}/`)));
  await begun;
  clock.advance(1_000);
  await reported(1);
  expect(said()).toEqual(['probe.passed']);
});

test('a body without end is read no further than it must', async () => {
  const hungUp = Promise.withResolvers<void>();
  const { url } = await serve((_, response) => {
    response.on('close', hungUp.resolve);
    Readable.from(endless()).pipe(response);
  });
  expect(await firstWords(http(`${url}/`))).toBe('probe.passed');
  await hungUp.promise;
});

test('neither password nor query of an address is ever in the words', async () => {
  const { url } = await serve((_, response) => response.writeHead(500).end());
  const secret = url.replace('http://', 'http://admin:hunter2@');
  expect(await firstWords(http(`${secret}/health?key=hunter3`))).toBe(`probe.failed: HTTP 500 from ${url}/health`);
});

test('every question comes over a connection of its own', async () => {
  const ports = new Set<number | undefined>();
  const { url } = await serve((request, response) => {
    ports.add(request.socket.remotePort);
    response.end();
  });
  const { start, answered, clock } = bench();
  await start(aliveCall(http(`${url}/`)));
  await answered(1);
  clock.advance(5_000);
  await answered(2);
  expect(ports.size).toBe(2);
});

test('a healthy probe says nothing, however often it asks', async () => {
  let asked = 0;
  const { url } = await serve((_, response) => {
    asked += 1;
    response.end();
  });
  const { start, answered, clock, said } = bench();
  await start(aliveCall(http(`${url}/`)));
  for (let question = 1; question <= 20; question++) {
    await answered(question);
    clock.advance(5_000);
  }
  await answered(21);
  expect({ asked, said: said() }).toEqual({ asked: 21, said: [] });
});

test('a sick server is told of at the first failure and when there were enough, and its recovery once', async () => {
  const health = [200, 503, 200, 503, 503, 503, 503, 503, 200, 200];
  let asked = 0;
  const { url } = await serve((_, response) => response.writeHead(health[asked++] ?? 200).end());
  const { start, answered, clock, said } = bench();
  await start(aliveCall(http(`${url}/`)));
  const heardAfter: string[][] = [];
  for (let question = 1; question <= health.length; question++) {
    await answered(question);
    heardAfter.push(said().slice(heardAfter.flat().length));
    clock.advance(5_000);
  }
  const sick = `HTTP 503 from ${url}/`;
  expect(heardAfter).toEqual([
    [],
    [`probe.failed: ${sick}`],
    ['probe.passed'],
    [`probe.failed: ${sick}`],
    [],
    [`probe.exhausted: ${sick}`],
    [],
    [],
    ['probe.passed'],
    [],
  ]);
});

test('the next question comes `every` after the last one began, and never while one is in flight', async () => {
  const arrivals: number[] = [];
  const first = Promise.withResolvers<void>();
  const { url } = await serve((_, response) => {
    arrivals.push(clock.monoMs());
    // The first is never answered, so its timeout is what ends it: later than the next question was due.
    if (arrivals.length > 1) response.end();
    first.resolve();
  });
  const { start, answered, clock } = bench();
  await start(aliveCall(http(`${url}/`), { every: 300, timeout: 1_000 }));
  await first.promise;
  clock.advance(1_000);
  await answered(1);
  clock.advance(0);
  await answered(2);
  clock.advance(299);
  expect(clock.pending()).toBe(1);
  clock.advance(1);
  await answered(3);
  expect(arrivals).toEqual([0, 1_000, 1_300]);
});

test('after it is stopped a probe drops its question and says nothing', async () => {
  const accepted = Promise.withResolvers<void>();
  const left = Promise.withResolvers<void>();
  const { url } = await serve((request) => {
    accepted.resolve();
    request.on('close', () => left.resolve());
  });
  const { start, probes, clock, said } = bench();
  const call = aliveCall(http(`${url}/`));
  await start(call);
  await accepted.promise;

  await probes.stop(call.run, 'alive');
  await left.promise;
  clock.advance(60_000);

  expect({ said: said(), pending: clock.pending() }).toEqual({ said: [], pending: 0 });
});

test('the same command twice asks once, and a new one starts counting afresh', async () => {
  const { url } = await serve((_, response) => response.writeHead(503).end());
  const { start, answered, clock, said } = bench();
  const first = aliveCall(http(`${url}/`));
  await start(first);
  await start(first);
  await answered(1);
  clock.advance(5_000);
  await answered(2);

  await start({ ...first, key: 'another' });
  await answered(3);
  clock.advance(5_000);
  await answered(4);
  expect(said().map((words) => words.split(':')[0])).toEqual(['probe.failed', 'probe.failed']);
});

test('a port that somebody else listens on does not make a unit ready', async () => {
  const port = await serveSilence();
  const asked: unknown[] = [];
  const { start, reported, said } = bench({
    whyNotOurs: async (run, of) => {
      asked.push([run.runId, of]);
      return `port ${of} is held by 4242 (node other.js), which is not of this unit`;
    },
  });
  await start(readyCall({ tcp: port }));
  await reported(1);
  expect({ asked, said: said() }).toEqual({
    asked: [['api.4', port]],
    said: [`probe.failed: port ${port} is held by 4242 (node other.js), which is not of this unit`],
  });
});

test('who listens is asked for readiness only: a live server may have handed its port to a child', async () => {
  const port = await serveSilence();
  let asked = 0;
  const { start, answered, said } = bench({
    whyNotOurs: async () => {
      asked += 1;
      return 'somebody else does';
    },
  });
  await start(aliveCall({ tcp: port }));
  await answered(1);
  expect({ asked, said: said() }).toEqual({ asked: 0, said: [] });
});

test('who listens is asked with a deadline too', async () => {
  const port = await serveSilence();
  const asked = Promise.withResolvers<void>();
  const { start, reported, said, clock } = bench({
    whyNotOurs: () => {
      asked.resolve();
      return new Promise(() => {});
    },
  });
  await start(readyCall({ tcp: port }));
  await asked.promise;
  clock.advance(1_000);
  await reported(1);
  expect(said()).toEqual([`probe.failed: port ${port} answers, but it did not become clear in time who listens there`]);
});

test('after the machine slept, failures do not count until one grace period is over', async () => {
  let status = 200;
  const { url } = await serve((_, response) => response.writeHead(status).end());
  const { start, answered, clock, said } = bench();
  await start(aliveCall(http(`${url}/`), { failures: 2 }));
  await answered(1);

  clock.suspend(3_600_000);
  status = 503;
  clock.advance(5_000);
  await answered(2);
  clock.advance(5_000);
  await answered(3);
  expect(said()).toEqual([]);

  clock.advance(5_000);
  await answered(4);
  clock.advance(5_000);
  await answered(5);
  const sick = `HTTP 503 from ${url}/`;
  expect(said()).toEqual([`probe.failed: ${sick}`, `probe.exhausted: ${sick}`]);
});

test('what found no ear here in time is not held against a server, and said once', async () => {
  const port = await serveSilence();
  const warnings: unknown[] = [];
  const log = { ...silentLog, warn: (fields: unknown) => void warnings.push(fields) };
  const { start, answered, said, clock } = bench({ log });
  await start(aliveCall(http(`http://127.0.0.1:${port}/`), { failures: 2 }));
  for (let question = 1; question <= 3; question++) {
    clock.stall(1_101);
    clock.advance(0);
    await answered(question);
    clock.advance(3_899);
  }
  expect([said(), warnings.length]).toEqual([[], 1]);
});

test('a timeout that is a little late is one', async () => {
  const port = await serveSilence();
  const { start, reported, said, clock } = bench();
  await start(aliveCall(http(`http://127.0.0.1:${port}/`)));
  clock.stall(1_100);
  clock.advance(0);
  await reported(1);
  expect(said()).toEqual([`probe.failed: no answer from http://127.0.0.1:${port}/ within 1s`]);
});
