import type { StudyMatch } from './query.js';

export interface FoundStudy {
  readonly studyUid: string;
  readonly date: string;
  readonly modalities: readonly string[];
  /** Undefined when the PACS does not say. */
  readonly series: number | undefined;
  readonly instances: number | undefined;
}

export interface FoundSeries {
  readonly seriesUid: string;
  readonly modality: string;
  readonly bodyPart: string;
  readonly instances: number | undefined;
}

export interface FoundInstance {
  readonly sopUid: string;
  readonly sopClassUid: string;
}

/** What is fetched in one go: a whole study, a whole series, or some instances of a series. */
export interface Portion {
  readonly studyUid: string;
  readonly seriesUid: string | undefined;
  readonly instances: readonly FoundInstance[];
  /** True when the portion is all of its study or series, so that the PACS need not be told each instance. */
  readonly isWhole: boolean;
}

/** Where the objects of a PACS arrive. */
export interface Intake {
  /**
   * Writes one Part-10 object; settles when all of it is read. Backpressure: reads no faster than it writes.
   *
   * Errors   DISK_FULL, STOPPED; what the source throws.
   */
  receive(bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<ReceivedObject>;
}

export interface ReceivedObject {
  /** Settles when the object is on disk and in the ledger, or dropped. Errors  DISK_FULL. */
  readonly booked: Promise<StoredOutcome>;
}

/**
 * Conflict: another object than the one that came under the same identifier; kept beside it. Refused: too large, or no DICOM.
 * Unexpected: of a study that nobody has asked for.
 */
export type StoredOutcome = 'stored' | 'duplicate' | 'conflict' | 'unexpected' | 'refused';

export type Counted<Key extends string> = Readonly<Record<Key, string>> & { readonly count: number | undefined };

/** A PACS, whatever it speaks. Every method honours its signal at once. */
export interface Pacs {
  /** Errors  PACS_UNREACHABLE, PACS_DENIED, PACS_ADDRESS_DENIED, PACS_REFUSED. */
  echo(signal: AbortSignal): Promise<void>;
  studies(match: StudyMatch, limit: number | undefined, signal: AbortSignal): AsyncIterable<FoundStudy>;
  /** `count`: as many as the PACS has said there are, which may save it a question. */
  series(study: Counted<'studyUid'>, signal: AbortSignal): Promise<FoundSeries[]>;
  instances(series: Counted<'studyUid' | 'seriesUid'>, signal: AbortSignal): Promise<FoundInstance[]>;
  /**
   * What arrives goes to the intake. Some of the portion may be missing when this returns: the PACS has answered then,
   * and does not have it.
   *
   * Errors   PACS_REFUSED when nothing of the portion can be had this way; as `echo`; DISK_FULL, STOPPED.
   */
  retrieve(portion: Portion, intake: Intake, signal: AbortSignal): Promise<void>;
  /** Sends Part-10 files; answers the reason of each refusal, in the order of the files ('' when it was taken). */
  send(files: readonly string[], signal: AbortSignal): Promise<string[]>;
  close(): Promise<void>;
}
