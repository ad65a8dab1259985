import { ConsiliumError, type ErrorDetail } from '@consilium/errors';

/** How a trainer's process ended that had not finished its job. */
export interface EndOfProcess {
  readonly exit: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last that it wrote to standard error. */
  readonly stderr: string;
  /** Examples in a batch of the job, where there was one. */
  readonly batchSize?: number | undefined;
}

/** Signals that the processor or the C library sends to a program that went wrong. */
const CRASHES: ReadonlySet<string> = new Set(['SIGSEGV', 'SIGABRT', 'SIGBUS', 'SIGILL', 'SIGFPE', 'SIGTRAP']);

/**
 * Why a process ended, as far as its end tells. V8 that finds no memory aborts, so its last words come before the signal;
 * of SIGKILL there are no last words, and nobody but the system sends it to a process that is at work.
 *
 * Errors   the result is MEMORY_EXHAUSTED, ENGINE_CRASHED or TRAINER_FAILED, its detail saying what likely happened.
 */
export function endOfProcess({ exit, signal, stderr, batchSize }: EndOfProcess): ConsiliumError {
  const facts = { exit: exit ?? 'none', signal: signal ?? 'none' };
  if (isLackOfMemory(stderr)) return memoryExhausted(facts, 'the training process found no more memory', batchSize);
  if (signal === 'SIGKILL')
    return memoryExhausted(facts, 'the system was short of memory and ended the training process', batchSize);
  if (signal !== null && CRASHES.has(signal))
    return new ConsiliumError('ENGINE_CRASHED', { ...facts, likely: 'a fault of the engine or of a driver' });
  return new ConsiliumError('TRAINER_FAILED', facts);
}

/**
 * An error that is none of ours, thrown by an engine: V8 and wasm report a lack of memory as a RangeError, Emscripten's
 * abort names it, and a wasm trap is a RuntimeError.
 *
 * Errors   as `endOfProcess`.
 */
export function errorOfEngine(error: unknown, batchSize?: number): ConsiliumError {
  const [name, text] = error instanceof Error ? [error.name, error.message] : ['', String(error)];
  // A trap's sentence may speak of memory ("memory access out of bounds") and not mean a lack of it.
  if (error instanceof WebAssembly.RuntimeError && !/aborted\(.*(oom|memory)/i.test(text))
    return new ConsiliumError('ENGINE_CRASHED', { trap: text.slice(0, 80), likely: 'a fault of the engine' }, error);
  if (isLackOfMemory(`${name} ${text}`))
    return memoryExhausted({}, 'the engine found no more memory', batchSize, error);
  return new ConsiliumError('TRAINER_FAILED', {}, error);
}

function isLackOfMemory(text: string): boolean {
  return /out of memory|allocation failed|invalid array length|could not allocate|cannot enlarge memory|\boom\b/i.test(
    text,
  );
}

function memoryExhausted(facts: ErrorDetail, likely: string, batchSize?: number, cause?: unknown): ConsiliumError {
  return new ConsiliumError('MEMORY_EXHAUSTED', { ...facts, likely, ...adviceOnMemory(batchSize) }, cause);
}

/** What to do where memory ran out in a job with batches of this size. */
export function adviceOnMemory(batchSize: number | undefined): ErrorDetail {
  const smaller = batchSize === 1 ? 'smaller images or a smaller model' : `a training.batchSize below ${batchSize}`;
  if (batchSize === undefined) return { advice: 'more memory for this machine, or a plan with smaller batches' };
  return { batchSize, advice: `more memory for this machine, or a plan with ${smaller}` };
}
