import { once } from 'node:events';
import { closeSync, constants, openSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';

/**
 * Two ends of one connection, for whoever is given one of them. Node makes such pairs for its own children alone.
 *
 * Made by a socket in a directory that is ours alone, which is gone when this resolves. It is reached through the open
 * directory: a path of a socket may have no more than 107 bytes.
 */
export async function socketPair(directory: string): Promise<readonly [ours: Socket, theirs: Socket]> {
  const opened = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  const server = createServer();
  try {
    const path = join('/proc/self/fd', String(opened), `pair-${process.pid}-${made++}`);
    server.listen(path);
    await once(server, 'listening');
    const { promise: accepted, resolve, reject } = Promise.withResolvers<Socket>();
    server.once('connection', resolve);
    server.on('error', reject);
    // What a server has accepted Node counts as the server's also in other processes: that end stays here.
    const theirs = connect(path);
    // Without a descriptor to accept it by, it is closed.
    theirs.once('close', () => reject(new Error('the connection was closed before it was accepted')));
    const [ours] = await Promise.all([accepted, once(theirs, 'connect')]);
    // Whoever speaks here learns from `close` that nobody hears.
    for (const end of [ours, theirs]) end.on('error', () => {});
    return [ours, theirs];
  } finally {
    server.close();
    closeSync(opened);
  }
}

let made = 0;
