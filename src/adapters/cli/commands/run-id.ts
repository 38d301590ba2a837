import { randomBytes } from 'node:crypto';

const PREFIX = 'run-';

/** A name for a job that nobody named: sorts by time, and two at once differ. */
export const newRunId = (): string => `${PREFIX}${Date.now().toString(36)}-${randomBytes(2).toString('hex')}`;

export const isAdHoc = (id: string): boolean => /^run-[0-9a-z]+-[0-9a-f]{4}$/.test(id);
