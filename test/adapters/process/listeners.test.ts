import { createServer, type Server } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { parseSockets, socketsOn, withHolders } from '../../../src/adapters/process/listeners.ts';
import { readProcessTable } from '../../../src/adapters/system/process-table.ts';

/** Recorded: port 3000 is 0BB8, 3001 is 0BB9. */
const TCP = `\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 25711 1 00000000a6a6c900 100 0 0 10 0
   1: 3500007F:0BB8 00000000:0000 0A 00000000:00000003 00:00000000 00000000   101        0 18002 1 000000006b77af93 100 0 0 10 5
   2: 00000000:0BB9 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 580 1 0000000073faa8c8 100 0 0 10 0
 300: 0100007F:0BB8 0100007F:BBC8 06 00000000:00000000 03:0000001C 00000000     0        0 0 3 00000000322d0541
3001: 0100007F:BBC8 0100007F:0BB8 01 00000000:00000000 00:00000000 00000000  1000        0 25801 1 00000000f0a1b2c3 20 4 30 10 -1
3002: 0100007F:0BB8 0100007F:BBC8 01 00000000:00000000 00:00000000 00000000  1000        0 25802 1 00000000f0a1b2c4 20 4 30 10 -1
3003: 0100007F:BBC9 0100007F:0BB8 0A 00000000:00000000 00:00000000 00000000  1000        0 25803 1 00000000f0a1b2c5 20 4 30 10 -1
`;
const TCP6 = `\
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:0BB8 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000 65534        0 31000 1 00000000a0a0a0a0 100 0 0 10 0
   1: 00000000000000000000000001000000:0BB8 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 31001 1 00000000a0a0a0a1 100 0 0 10 0
   2: B80D01200000000067452301EFCDAB89:0BB8 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 31002 1 00000000a0a0a0a2 100 0 0 10 0
   3: 00000000000000000000000001000000:0BB8 00000000000000000000000001000000:C001 01 00000000:00000000 00:00000000 00000000     0        0 31003 1 00000000a0a0a0a3 20 4 30 10 -1
`;

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
