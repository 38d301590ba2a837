/** Finds what a test run left behind: processes (with the ports they listen on) and files. Linux knows by `/proc`. */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface LeftProcess {
  readonly pid: number;
  readonly command: string;
  /** `127.0.0.1:4000`. */
  readonly listens: readonly string[];
}

/**
 * Processes that carry the run's tag, except those in `spared`.
 *
 * The tag is in the environment of everything a test starts, and in the name of the run's temporary directory: a
 * process that was given a fresh environment is still found by its arguments, its working directory or its open files.
 */
export function leftProcesses(tag: string, spared: readonly number[]): readonly LeftProcess[] {
  const marked = pids().filter((pid) => !spared.includes(pid) && carries(pid, tag) && !isWatchdog(pid));
  const addresses = marked.length > 0 ? listeningAddresses() : new Map<string, string>();
  return marked.map((pid) => ({
    pid,
    command: commandOf(pid),
    listens: linksOf(pid).flatMap((link) => addresses.get(link) ?? []),
  }));
}

/** Everything in the run's temporary directory, except what tools of ours keep there. */
export function leftFiles(directory: string, known: readonly RegExp[]): readonly string[] {
  return readdirSync(directory).filter((name) => !known.some((pattern) => pattern.test(name)));
}

/** This process and those that started it: a run inside a run is the outer one's business. */
export function ancestry(pid: number): readonly number[] {
  const parent = Number(/^PPid:\s+(\d+)$/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0);
  return parent > 0 ? [pid, ...ancestry(parent)] : [pid];
}

export function inWords(processes: readonly LeftProcess[], files: readonly string[]): string {
  const lines = [
    ...processes.map(({ pid, command, listens }) => {
      const ports = listens.length > 0 ? `, listening on ${listens.join(', ')}` : '';
      return `process ${pid} still runs: ${command}${ports}`;
    }),
    ...files.map((name) => `file left in the temporary directory: ${name}`),
  ];
  return `The tests left ${lines.length} thing(s) behind:\n${lines.map((line) => `  - ${line}`).join('\n')}`;
}

const pids = (): readonly number[] =>
  existsSync('/proc/self/environ')
    ? readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .map(Number)
    : [];

/** The test runner's own: it lives until the runner has closed, which is after we looked. */
const isWatchdog = (pid: number): boolean => commandOf(pid).startsWith('vitest-watchdog');

const carries = (pid: number, tag: string): boolean =>
  read(`/proc/${pid}/environ`).includes(tag) ||
  read(`/proc/${pid}/cmdline`).includes(tag) ||
  linksOf(pid).some((link) => link.includes(tag));

/** The working directory and the open files. Sockets read `socket:[inode]`. */
function linksOf(pid: number): readonly string[] {
  const descriptors = attempt(() => readdirSync(`/proc/${pid}/fd`), []).map((fd) => `/proc/${pid}/fd/${fd}`);
  return [`/proc/${pid}/cwd`, ...descriptors].map((link) => attempt(() => readlinkSync(link), ''));
}

const commandOf = (pid: number): string => read(`/proc/${pid}/cmdline`).split('\0').join(' ').trim();

/** `socket:[inode]` → address, of every TCP socket in state 0A (listening), proc_net_tcp(5). */
function listeningAddresses(): ReadonlyMap<string, string> {
  const rows = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => read(table).split('\n').slice(1));
  const columns = rows.map((row) => row.trim().split(/\s+/)).filter((row) => row[3] === '0A');
  return new Map(columns.map((row) => [`socket:[${row[9]}]`, addressOf(row[1] ?? '')]));
}

/** `0100007F:0FA0` is 127.0.0.1:4000: the address in the machine's byte order, the port not. */
function addressOf(hex: string): string {
  const [host = '', port = ''] = hex.split(':');
  const bytes = (host.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)).reverse();
  return `${bytes.length === 4 ? bytes.join('.') : '[ip6]'}:${Number.parseInt(port, 16)}`;
}

const read = (path: string): string => attempt(() => readFileSync(path, 'utf8'), '');

/** Processes end, and belong to others, while we look. What cannot be read is not ours. */
function attempt<T>(look: () => T, otherwise: T): T {
  try {
    return look();
  } catch {
    return otherwise;
  }
}
