import type { DeidentifiedHeader, DicomHeader } from '@consilium/dicom';

/** Part of a dataset. A patient is in one of them only. */
export const PARTS = ['train', 'validation', 'test'] as const;
export type Part = (typeof PARTS)[number];

export interface DatasetRequest {
  readonly name: string;
  /** Folder that is walked with everything below it. */
  readonly folder: string;
  readonly labels: string;
  /** Classes that labels may name; any label is a class when not given. */
  readonly classes: readonly string[] | undefined;
}

/** What the label table says of one picture; joined before the identifiers change. */
export interface ImageFacts {
  /** Number of the file in the ledger: how a later stage can say which one it sets aside without naming it. */
  readonly ordinal: number;
  readonly rows: number;
  readonly columns: number;
  /** [rows, columns], row-major, modality values, bigger is brighter. */
  readonly grey: Float32Array;
  /** [rows, columns], 0 or 1. */
  readonly mask: Uint8Array | undefined;
  readonly label: string | undefined;
  /** As the table gives it. */
  readonly part: Part | undefined;
}

/** Identifying: nothing but `deidentify` may look at the header. */
export interface RawImage extends ImageFacts {
  readonly header: DicomHeader;
  readonly patientId: string | undefined;
}

export interface CleanImage extends ImageFacts {
  readonly header: DeidentifiedHeader;
}
