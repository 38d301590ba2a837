import { closeSync, constants, fchmodSync, fstatSync, openSync } from 'node:fs';
import { type Level, type LevelWithSilent, pino, stdTimeFunctions } from 'pino';
import type { Log, LogFields } from '../../actors/ports.ts';
import { redactFields } from './redact.ts';
import { type Secrets, secretsRegistry } from './secrets.ts';

/** Where the lines go: a path, a descriptor, or anything that takes a line. @default 2, the standard error */
export type LogDestination = string | number | { write(line: string): void };

export interface PinoLog extends Log {
  /** Closes a file that was opened for it. What is logged later goes nowhere. */
  close(): void;
}

export interface PinoLogOptions {
  readonly level: LevelWithSilent;
  readonly destination?: LogDestination;
  /** Values that no line may hold. */
  readonly secrets?: Secrets;
}

/**
 * A log of JSON lines. Every line has `unit`, `state`, `generation`, `pid` (of the run) and `seq`, in that order and
 * `null` where they are not known, before any other field.
 *
 * Lines are written at once, so that our own SIGKILL loses none. A line that cannot be written (a full disk, a closed
 * pipe) is lost: a log must not end what it tells about.
 *
 * @throws The file cannot be opened.
 */
export function pinoLog(options: PinoLogOptions): PinoLog {
  const { level, destination = 2, secrets = secretsRegistry() } = options;
  const file = typeof destination === 'string' ? openPrivately(destination) : null;
  const stream = typeof destination === 'object' ? destination : descriptorStream(file ?? (destination as number));
  const logger = pino(
    // `pid` is the run's, not ours.
    { level, base: null, timestamp: stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } },
    stream,
  );
  let isClosed = false;
  const write = (at: Level) => (fields: LogFields, message: string) => {
    if (isClosed || !logger.isLevelEnabled(at)) return;
    const { unit, state, generation, pid, seq, ...rest } = { ...NOT_KNOWN, ...redactFields(fields, secrets) };
    logger[at]({ unit, state, generation, pid, seq, ...rest }, secrets.redact(message));
  };
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    close() {
      if (file !== null && !isClosed) closeSync(file);
      isClosed = true;
    },
  };
}

const NOT_KNOWN = { unit: null, state: null, generation: null, pid: null, seq: null };
/** What may wait in memory for a disk that is full or a reader that is slow; more is dropped. */
const WAITING_BYTES_MAX = 1024 * 1024;

/** Appends, for nobody but us, whatever the umask and whoever made the file. */
function openPrivately(path: string): number {
  const { O_APPEND, O_CREAT, O_WRONLY } = constants;
  const file = openSync(path, O_APPEND | O_CREAT | O_WRONLY, 0o600);
  // Not of a device or a pipe: those belong to others too.
  if (fstatSync(file).isFile()) fchmodSync(file, 0o600);
  return file;
}

function descriptorStream(fd: number) {
  // Waiting for a slow reader would be done in a blocking sleep: what it does not take now goes with the next line.
  const stream = pino.destination({ fd, sync: true, maxLength: WAITING_BYTES_MAX, retryEAGAIN: () => false });
  stream.on('error', () => {});
  return stream;
}
