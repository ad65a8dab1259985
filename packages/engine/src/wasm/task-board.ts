/**
 * What the main thread and its helpers share: one task at a time, cut into chunks that whoever is free takes.
 *
 * TICKET packs (generation, chunks, next chunk) into one word. A chunk is claimed by a compare-exchange of the whole
 * word, so a helper that wakes late can neither take a chunk of a finished task nor work from a half-written
 * description: the main thread rewrites the description only when every claimed chunk of the task is done.
 * A helper that never wakes costs nothing: the main thread takes its chunks.
 */
export const TICKET = 0;
export const DONE = 1;
export const FAILED = 2;
export const KERNEL = 3;
export const ITEMS = 4;
export const ARGUMENT_COUNT = 5;
export const ARGUMENTS = 8;
export const BOARD_BYTES = 256;

/** TICKET of a pool that ends; no task has this one, for next <= chunks < 255. */
export const STOP = -1;

export const MOST_CHUNKS = 254;

export function ticketOf(generation: number, chunks: number): number {
  return (generation << 16) | (chunks << 8);
}

export function chunksOf(ticket: number): number {
  return (ticket >>> 8) & 255;
}

export function nextChunkOf(ticket: number): number {
  return ticket & 255;
}
