import type { UnitSpec } from './spec.ts';
import type { Handle } from './vocabulary.ts';

/** Where a run listens: as its spec says or, with `port: auto`, as its launch chose. `null`: that is its own affair. */
export function portOf(spec: UnitSpec, handle: Handle | null): number | null {
  const port = 'port' in spec ? spec.port : null;
  const chosen = port === 'auto' ? handle?.port : port;
  return typeof chosen === 'number' ? chosen : null;
}
