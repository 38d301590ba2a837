/** What came of one question. */
export type Answer =
  | { readonly is: 'passed' }
  | { readonly is: 'failed'; readonly detail: string }
  /** It could not be asked, for a reason of our own: that says nothing about whom we wanted to ask. */
  | { readonly is: 'unasked'; readonly detail: string };

/** What a question may take. `signal` aborts at `timeoutMs`, or when nobody wants to know any more. */
export interface Bounds {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

export const PASSED: Answer = { is: 'passed' };
export const failed = (detail: string): Answer => ({ is: 'failed', detail });

/** Out of descriptors, memory, buffers or local ports: ours to mend, and no reason to end a healthy server. */
const OUR_OWN = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'ENOBUFS', 'EADDRNOTAVAIL']);

/** An error of the network in words. `where` is what was asked: `127.0.0.1:3000`, or an address without its secrets. */
export function answerOf(error: Error, where: string): Answer {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (OUR_OWN.has(code)) return { is: 'unasked', detail: `${where} could not be asked: ${code}` };
  return failed(wordsFor(code, where) ?? `${where} cannot be asked: ${code || error.message}`);
}

function wordsFor(code: string, where: string): string | null {
  switch (code) {
    case 'ECONNREFUSED':
      return `connection refused on ${where}`;
    case 'ECONNRESET':
    case 'EPIPE':
      return `${where} closed the connection without an answer`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `no address is known for ${where}`;
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `no way leads to ${where}`;
    case 'EPROTO':
      return `what answers on ${where} does not speak TLS`;
    default:
      return code.startsWith('HPE_') ? `what answers on ${where} does not speak HTTP` : null;
  }
}

/** `1s`, `1.5s`, `200ms`. */
export const printMs = (ms: number): string => (ms < 1_000 ? `${ms}ms` : `${ms / 1_000}s`);
