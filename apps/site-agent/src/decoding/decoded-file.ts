import type { Acquisition, BurnedInVerdict, DicomHeader, PictureRemark, SlicePlace } from '@consilium/dicom';

export type { SlicePlace };

/** One picture of a file: a slice of a multi-frame object, or the only one. */
export interface DecodedFrame {
  /** [rows, columns], row-major, modality values, bigger is brighter; colours as their luminance. */
  readonly grey: Float32Array;
  /** Where the frame lies in the patient; undefined when the file does not say (projections, ultrasound). */
  readonly place: SlicePlace | undefined;
  /** How it was taken or made. */
  readonly acquisition: Acquisition;
}

/** What a decoder makes of one file. Identifying: the header is the file's own. */
export interface DecodedFile {
  readonly header: DicomHeader;
  readonly instanceNumber?: number | undefined;
  /** '' when the file does not say. */
  readonly frameOfReferenceUid: string;
  readonly rows: number;
  readonly columns: number;
  readonly frames: readonly DecodedFrame[];
  readonly pixelSpacingMm: { readonly row: number; readonly column: number } | undefined;
  /** How the values of any frame came about, where a person should know. */
  readonly remarks: readonly PictureRemark[];
  /** Whether the pixels show text; undefined when nobody asked. */
  readonly burnedIn?: BurnedInVerdict['verdict'];
}
