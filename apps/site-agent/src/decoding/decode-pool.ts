import { availableParallelism } from 'node:os';
import type { ScannedHeader } from '@consilium/dicom';
import type { AnnotatedPictures, AnnotationQuestion, AnnotationSummary } from './annotate-pictures.js';
import type { DecodeAnswer, DecodeJob } from './decode-messages.js';
import type { DecodedFile } from './decoded-file.js';
import type { FileDescription, ShownPicture, WantedPictures } from './describe-file.js';
import { DisposableThreads } from './disposable-threads.js';

/** Reads files; several may be asked for at once. */
export interface DecodePool {
  /**
   * Errors   those of `readImage`; DICOM_UNREADABLE, DICOM_TIMEOUT, STOPPED. An abort ends the thread that works on it.
   */
  read(path: string, signal: AbortSignal, choices?: { readonly searchText?: boolean }): Promise<DecodedFile>;
  close(): Promise<void>;
}

/** For a first look at many files. */
export interface ScanPool {
  /** The header alone, mostly from the first bytes of the file. Errors  as `read`. */
  scan(path: string, signal: AbortSignal): Promise<ScannedHeader>;
}

/** For labels and masks that are DICOM objects beside the pictures. */
export interface AnnotatePool {
  /** What the objects say of the pictures. Errors  DICOM_TIMEOUT, DICOM_TOO_LARGE (out of memory), STOPPED. */
  annotate(question: AnnotationQuestion, signal: AbortSignal): Promise<AnnotatedPictures>;
  /** What a label object marks, and where. Errors  as `read`; DICOM_UNSUPPORTED. */
  summarize(path: string, signal: AbortSignal): Promise<AnnotationSummary>;
}

/** For people who look at files. */
export interface DescribePool {
  /** The description of a file, and its first frames. Errors  as `read`. */
  describe(
    path: string,
    pictures: WantedPictures,
    signal: AbortSignal,
  ): Promise<{ readonly description: FileDescription; readonly pictures: readonly ShownPicture[] }>;
}

export interface DecodePoolOptions {
  /** Default: a core less than there are, at least one. */
  readonly threads?: number;
  /** Per file. */
  readonly timeLimitMs?: number;
  /** Of JavaScript's heap, per thread; pixels are bounded by their own limits. */
  readonly memoryLimitMiB?: number;
  /** What the threads run (default: the decoder). */
  readonly entry?: URL;
}

const TIME_LIMIT_MS = 30_000;
const MEMORY_LIMIT_MIB = 512;

/**
 * Threads that are thrown away at the first damage (see DisposableThreads). They start with the first file; idle ones
 * keep no process alive.
 */
export function openDecodePool(options: DecodePoolOptions = {}): DecodePool & ScanPool & AnnotatePool & DescribePool {
  let opening: Promise<DisposableThreads> | undefined;
  const run = async <K extends DecodeAnswer['kind']>(job: DecodeJob, kind: K, signal: AbortSignal) => {
    opening ??= open(options);
    const answer = await (await opening).run(job, signal);
    if (answer.kind !== kind) throw new TypeError(`a thread answered ${answer.kind}`);
    return answer as Extract<DecodeAnswer, { kind: K }>;
  };
  return {
    read: async (path, signal, { searchText = false } = {}) =>
      (await run({ kind: 'decode', path, searchText }, 'decoded', signal)).file,
    scan: async (path, signal) => (await run({ kind: 'scan', path }, 'scanned', signal)).scanned,
    annotate: async (question, signal) => (await run({ kind: 'annotate', question }, 'annotated', signal)).annotated,
    summarize: async (path, signal) => (await run({ kind: 'summarize', path }, 'summarized', signal)).summary,
    describe: (path, pictures, signal) => run({ kind: 'describe', path, pictures }, 'described', signal),
    close: async () => (await opening)?.close(),
  };
}

async function open(options: DecodePoolOptions): Promise<DisposableThreads> {
  return new DisposableThreads({
    entry:
      options.entry ?? new URL(`./decode-thread${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
    execArgv: await sourceFlags(),
    threads: options.threads ?? Math.max(availableParallelism() - 1, 1),
    timeLimitMs: options.timeLimitMs ?? TIME_LIMIT_MS,
    memoryLimitMiB: options.memoryLimitMiB ?? MEMORY_LIMIT_MIB,
  });
}

/** Unbuilt, in tests, a thread needs the flags that let Node run TypeScript; built, it takes those of its process. */
async function sourceFlags(): Promise<readonly string[] | undefined> {
  if (!import.meta.url.endsWith('.ts')) return undefined;
  return (await import('./source-flags.fixture.js')).SOURCE_FLAGS;
}
