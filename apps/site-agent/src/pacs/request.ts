import type { Hours } from './pace/hours.js';
import type { StudyQuery } from './query.js';
import type { PacsEntry, ReceiverSettings } from './settings.js';

/** What keeps a clinical PACS unhurt. */
export interface Pace {
  /** Connections or associations at a time. */
  readonly associations: number;
  readonly studiesPerMinute: number;
  /** Local time; outside of it nothing is asked for. */
  readonly hours: Hours | undefined;
  readonly bytesPerSecond: number | undefined;
}

export const DEFAULT_PACE: Pace = {
  associations: 2,
  studiesPerMinute: 30,
  hours: undefined,
  bytesPerSecond: undefined,
};

/** Which studies of which PACS, and how gently. */
export interface FetchRequest {
  /** The site folder: credentials are read from below it. */
  readonly root: string;
  readonly pacs: PacsEntry;
  readonly query: StudyQuery;
  readonly pace: Pace;
  /** Where the PACS sends to when it is asked with C-MOVE. */
  readonly receiver: ReceiverSettings | undefined;
}

/** What the PACS pushes to us. */
export interface ListenRequest {
  readonly root: string;
  readonly receiver: ReceiverSettings;
  readonly pace: Pace;
  /** Ends when nobody has sent anything for so long; runs until stopped when left out. */
  readonly untilIdleMs: number | undefined;
}

/** What would come; no pixel has moved. */
export interface Preview {
  readonly studies: number;
  readonly series: number;
  readonly instances: number;
  /** Studies by modality; a study with two of them counts twice. */
  readonly modalities: Readonly<Record<string, number>>;
  /** Studies by year of their date; '' for those without one. */
  readonly years: Readonly<Record<string, number>>;
}

export interface FetchProgress {
  readonly studies: number;
  readonly studiesExpected: number;
  readonly instances: number;
  readonly instancesExpected: number;
  readonly bytes: number;
  /** Set while the hours of the request forbid to go on. */
  readonly waitsUntil: Date | undefined;
}

/** Every instance that the PACS has named is in exactly one of the last three counts. */
export interface FetchResult {
  readonly studies: number;
  readonly series: number;
  readonly instances: number;
  readonly arrived: number;
  readonly refused: number;
  readonly missing: number;
  /** Copies that came again, and were dropped. */
  readonly duplicates: number;
  /** Objects that differ from the one that came before under the same identifier. */
  readonly conflicts: number;
  readonly bytes: number;
}

export interface SendResult {
  readonly sent: number;
  readonly refused: readonly { readonly file: string; readonly reason: string }[];
}

export type OnProgress = (progress: FetchProgress) => void;
