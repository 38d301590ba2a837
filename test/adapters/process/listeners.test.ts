import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { parseSockets, socketsOn, withHolders } from '../../../src/adapters/process/listeners.ts';
import { readProcessTable } from '../../../src/adapters/system/process-table.ts';

/** Port 3000 is 0BB8 there, and 3001 is 0BB9. */
const recorded = (name: string) => readFileSync(new URL(`../../fixtures/${name}.txt`, import.meta.url), 'latin1');
const TCP = recorded('proc-net-tcp');
const TCP6 = recorded('proc-net-tcp6');

test('who listens on a port is told by address, user and socket: no client, no connection, none that is over', () => {
  expect(parseSockets(TCP, 3000)).toEqual([
    { address: '127.0.0.1', uid: 1000, inode: '25711' },
    { address: '127.0.0.53', uid: 101, inode: '18002' },
  ]);
  expect(parseSockets(TCP6, 3000)).toEqual([
    { address: '::', uid: 65534, inode: '31000' },
    { address: '::1', uid: 0, inode: '31001' },
    { address: '2001:db8::123:4567:89ab:cdef', uid: 0, inode: '31002' },
  ]);
});

test('a port is exactly that port, and a table that cannot be read is of nobody', () => {
  expect([3001, 300, 30_000, 0xb, 0x0bb8_0].map((port) => parseSockets(TCP, port).length)).toEqual([1, 0, 0, 0, 0]);
  expect(parseSockets('', 3000)).toEqual([]);
});

test.each(['127.0.0.1', '::1', '0.0.0.0', '::'])('this very process is found to listen on %s', async (host) => {
  const { server, port } = await listen(host);
  const sockets = await socketsOn(port);
  const us = readProcessTable().filter(({ pid }) => pid === process.pid);
  expect(withHolders(sockets, us)).toEqual([
    { address: host, uid: process.getuid?.(), inode: expect.stringMatching(/^\d+$/), holders: us },
  ]);
  expect(withHolders(sockets, [])).toEqual([{ ...sockets[0], holders: [] }]);
  await new Promise((resolve) => server.close(resolve));
  expect(await socketsOn(port)).toEqual([]);
});

async function listen(host: string): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer();
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const address = server.address();
  return { server, port: typeof address === 'object' && address ? address.port : 0 };
}
