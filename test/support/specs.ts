import { decodeUnit, type UnitSpec } from '../../src/machines/spec.ts';

/** A decoded server that needs nothing from the real world. */
export const aServer = (id: string, more: object = {}): UnitSpec =>
  decodeUnit({ id, kind: 'server', command: [id], ready: { tcp: 1 }, ...more });

export const aJob = (id: string, more: object = {}): UnitSpec =>
  decodeUnit({ id, kind: 'job', command: [id], ...more });

/** A job whose function somebody else has. */
export const aFunction = (id: string, more: object = {}): UnitSpec =>
  decodeUnit({ id, kind: 'job', run: () => {}, ...more });

export const aWatcher = (id: string, then: object, more: object = {}): UnitSpec =>
  decodeUnit({ id, kind: 'watcher', files: ['*.ts'], then, ...more });
