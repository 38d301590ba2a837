import type { Log } from '../../actors/ports.ts';

/** For tests, and for embedders who want to hear nothing. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
