import { closeSync, constants, openSync, readSync } from 'node:fs';
import { Socket } from 'node:net';

/** Whether anybody holds the FIFO of a run open. `null`: there is none to ask. */
export function isHeld(fifo: string): boolean | null {
  const descriptor = openForReading(fifo);
  if (descriptor === null) return null;
  try {
    return hasWriters(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Calls `release` once when nobody holds the FIFO any more. A reason to look, never a proof: programs may close it.
 *
 * Returns how to stop watching; `null`: it cannot be watched.
 */
export function watchHolders(fifo: string, release: () => void): (() => void) | null {
  const descriptor = openForReading(fifo);
  if (descriptor === null) return null;
  // A FIFO that has no writer any more gives no event ever, so it must be read once before it is watched.
  if (!hasWriters(descriptor)) {
    closeSync(descriptor);
    const soon = setImmediate(release);
    return () => clearImmediate(soon);
  }
  const socket = new Socket({ fd: descriptor, readable: true, writable: false });
  socket.on('error', release);
  socket.on('end', release);
  socket.resume();
  return () => {
    socket.removeAllListeners('end');
    socket.destroy();
  };
}

function openForReading(fifo: string): number | null {
  try {
    return openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return null;
  }
}

function hasWriters(descriptor: number): boolean {
  try {
    return readSync(descriptor, Buffer.alloc(1)) > 0;
  } catch {
    return true; // EAGAIN: there is somebody, who says nothing.
  }
}
