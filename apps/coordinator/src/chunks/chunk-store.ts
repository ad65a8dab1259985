/** Content-addressed bytes: chunks of models and of accepted updates, named by SHA-256 in lower-case hex. Nothing is ever changed. */
export interface ChunkStore {
  has(digest: string): Promise<boolean>;
  /** Bytes of a chunk from `offset` on, once the whole of it was found to have its digest. Errors  CHUNK_NOT_AVAILABLE, CHUNK_CORRUPT. */
  read(digest: string, offset?: number): Promise<Uint8Array>;
  /** Fills `into` with a whole chunk of exactly that length. Errors  CHUNK_NOT_AVAILABLE, CHUNK_CORRUPT. */
  readInto(digest: string, into: Uint8Array): Promise<Uint8Array>;
  /**
   * Chunks that are put or adopted inside of `work` stay until it is over, whoever collects meanwhile; by then a row of the
   * database must name them. Nothing is put or adopted outside of it.
   */
  keeping<T>(work: () => Promise<T>): Promise<T>;
  /** Stores bytes; they are on disk when this is done. Errors  CHUNK_CORRUPT when they do not have the digest. */
  put(digest: string, bytes: Uint8Array): Promise<void>;
  /** Takes over a file that has been checked and synced; the file itself stays where it is. */
  adopt(digest: string, file: string): Promise<void>;
  /**
   * Deletes those of `digests` that nobody is just writing and that are not among what `named` answers: it is asked when no
   * writer can begin to need one of them any more. What is gone already is no error. Answers what was deleted.
   */
  collect(
    digests: readonly string[],
    named: (digests: readonly string[]) => Promise<ReadonlySet<string>>,
  ): Promise<Collected>;
}

export interface Collected {
  readonly chunks: number;
  readonly bytes: number;
  /** Those that somebody is writing: to be tried again. */
  readonly busy: readonly string[];
}

/** Nest token. */
export const CHUNK_STORE = Symbol('ChunkStore');
