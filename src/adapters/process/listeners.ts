import { readdirSync, readlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { SocketAddress } from 'node:net';
import type { ProcessStat } from '../system/identity.ts';

/** A TCP socket that waits for connections. */
export interface ListeningSocket {
  /** `127.0.0.1`, `::`. */
  readonly address: string;
  /** Of the user who made it. */
  readonly uid: number;
  readonly inode: string;
}

export interface Listener extends ListeningSocket {
  /** Everybody who holds the socket, which children inherit. Empty: nobody that can be seen from here. */
  readonly holders: readonly ProcessStat[];
}

/** Servers listen on one of their first descriptors. Nobody is to hold us up with a million of others. */
const DESCRIPTORS_MAX = 4_096;

/** Who waits for connections on this port of this machine. Read off the event loop: the kernel may take its time. */
export async function socketsOn(port: number): Promise<readonly ListeningSocket[]> {
  const tables = await Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map(readOr));
  return tables.flatMap((table) => parseSockets(table, port));
}

/**
 * The rows of `/proc/net/tcp` or `/proc/net/tcp6` (proc_net_tcp(5)) that listen on this port.
 *
 * Neither the clients of a port nor connections that are over but for their TIME_WAIT are in the way of a server.
 */
export function parseSockets(table: string, port: number): readonly ListeningSocket[] {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const listening = new RegExp(
    `^ *\\d+: ([0-9A-F]+):${hex} [0-9A-F]+:0000 0A (?:\\S+ +){3}(\\d+) +\\d+ +(\\d+) `,
    'gm',
  );
  return [...table.matchAll(listening)].map(([, address = '', uid, inode = '']) => ({
    address: parseAddress(address),
    uid: Number(uid),
    inode,
  }));
}

/** Finds who holds each socket, among these processes. Those of other users may hide what they hold. */
export function withHolders(
  sockets: readonly ListeningSocket[],
  processes: readonly ProcessStat[],
): readonly Listener[] {
  const wanted = new Set(sockets.map(linkOf));
  const found = processes.map((stat) => ({ stat, links: socketsHeldBy(stat.pid, wanted) }));
  return sockets.map((socket) => ({
    ...socket,
    holders: found.filter(({ links }) => links.has(linkOf(socket))).map(({ stat }) => stat),
  }));
}

const linkOf = ({ inode }: ListeningSocket): string => `socket:[${inode}]`;

function socketsHeldBy(pid: number, wanted: ReadonlySet<string>): ReadonlySet<string> {
  const held = new Set<string>();
  try {
    for (const name of readdirSync(`/proc/${pid}/fd`).slice(0, DESCRIPTORS_MAX)) {
      const link = readLinkOr(`/proc/${pid}/fd/${name}`);
      if (wanted.has(link)) held.add(link);
    }
  } catch {
    // It has ended meanwhile, or is not ours to look at.
  }
  return held;
}

/** Words of 32 bits, in the machine's own order of bytes. What they hold is in the order of the network. */
function parseAddress(hex: string): string {
  const words = (hex.match(/.{8}/g) ?? []).map((word) => Number.parseInt(word, 16));
  const bytes = Buffer.from(Uint32Array.from(words).buffer);
  if (bytes.length === 4) return bytes.join('.');
  const address = (bytes.toString('hex').match(/.{4}/g) ?? []).join(':');
  return new SocketAddress({ address, family: 'ipv6' }).address;
}

/** Without IPv6 there is no table of it. */
async function readOr(path: string): Promise<string> {
  return readFile(path, 'latin1').catch(() => '');
}

function readLinkOr(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
