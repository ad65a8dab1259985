import type { AnnotatePool, DecodePool, ScanPool } from '../decoding/decode-pool.js';
import type { BlobStore } from './blob-store.js';
import type { DerivedUse, LabelObject, TextCheck } from './image.js';
import type { IngestJournal } from './ingest-journal.js';
import type { IngestLedger } from './ingest-ledger.js';
import type { IngestProgress } from './ingest-progress.js';
import type { LabelJoin } from './label-join.js';
import type { StudyAnnotations } from './study-annotations.js';
import type { FoundFile } from './walk-folder.js';

/** What reading a folder needs besides the folder. */
export interface IngestTools {
  /** Of the site's pseudonyms. */
  readonly key: Uint8Array;
  readonly pool: DecodePool & ScanPool & AnnotatePool;
  readonly journal: IngestJournal;
  readonly blobs: BlobStore;
  readonly progress: IngestProgress;
  /** Pseudonyms of the patients who are left out of everything. */
  readonly excluded: ReadonlySet<string>;
}

/** One folder while it is read. */
export interface FolderReading extends IngestTools {
  /** Absolute. */
  readonly root: string;
  readonly found: ReadonlyMap<string, FoundFile>;
  readonly ledger: IngestLedger;
  /** Undefined without a label table. */
  readonly join: LabelJoin | undefined;
  readonly classes: ReadonlySet<string> | undefined;
  readonly labelsFrom: LabelObject | undefined;
  readonly textCheck: TextCheck;
  readonly derived: DerivedUse;
  /** Files, as the walk names them, that a person has looked at: no suspicion of text sets them aside. */
  readonly lookedAt: ReadonlySet<string>;
  /** Undefined when labels come from the table alone. */
  readonly annotations: StudyAnnotations | undefined;
  readonly signal: AbortSignal;
}
