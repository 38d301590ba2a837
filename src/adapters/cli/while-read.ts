import type { Context } from './context.ts';

/** The pieces of an answer that may have no end, until it ends or nobody reads it any more, as after `| head`. */
export async function* whileRead<Piece>(
  { terminal, interrupts }: Context,
  open: (signal: AbortSignal) => AsyncIterable<Piece>,
): AsyncGenerator<Piece> {
  const { readerGone } = terminal;
  try {
    for await (const piece of open(AbortSignal.any([interrupts.signal, readerGone]))) {
      if (readerGone.aborted) return;
      yield piece;
    }
  } catch (error) {
    if (!readerGone.aborted) throw error;
  }
}
