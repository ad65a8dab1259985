/** Content-addressed bytes: chunks of models and of accepted updates, named by SHA-256 in lower-case hex. Nothing is ever changed. */
export interface ChunkStore {
  has(digest: string): Promise<boolean>;
  /** Bytes of a chunk from `offset` on. Errors  CHUNK_NOT_AVAILABLE. */
  read(digest: string, offset?: number): Promise<Uint8Array>;
  /** Fills `into` with a whole chunk of exactly that length. Errors  CHUNK_NOT_AVAILABLE, CHUNK_CORRUPT. */
  readInto(digest: string, into: Uint8Array): Promise<Uint8Array>;
  /** Stores bytes; they are on disk when this is done. Errors  CHUNK_CORRUPT when they do not have the digest. */
  put(digest: string, bytes: Uint8Array): Promise<void>;
  /** Takes over a file that has been checked and synced; the file itself stays where it is. */
  adopt(digest: string, file: string): Promise<void>;
}

/** Nest token. */
export const CHUNK_STORE = Symbol('ChunkStore');
