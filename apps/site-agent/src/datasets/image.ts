import type { Acquisition, DeidentifiedHeader, DicomHeader, PictureRemark } from '@consilium/dicom';
import type { DecodedFile, SlicePlace } from '../decoding/decoded-file.js';
import type { StoredPixels } from './dataset-index.js';
import type { FileIdentity } from './file-identity.js';
import type { JoinKeys } from './keyed-hash.js';

/** Part of a dataset. A patient is in one of them only. */
export const PARTS = ['train', 'validation', 'test'] as const;
export type Part = (typeof PARTS)[number];

/** Kinds of DICOM objects that labels and masks may come from. */
export const LABEL_OBJECTS = ['sr', 'seg', 'rtstruct'] as const;
export type LabelObject = (typeof LABEL_OBJECTS)[number];

/** What to take where several label objects, such as of two readers, mark one structure. */
export const READINGS = ['newest'] as const;
export type Reading = (typeof READINGS)[number];

/** How pictures with text burned into them are found: by what files declare and by looking, or by the former alone. */
export const TEXT_CHECKS = ['full', 'tag'] as const;
export type TextCheck = (typeof TEXT_CHECKS)[number];

/** What becomes of projections, sheets and what is derived in a series of original slices. */
export const DERIVED_USES = ['set-aside', 'use'] as const;
export type DerivedUse = (typeof DERIVED_USES)[number];

export interface DatasetRequest {
  readonly name: string;
  /** Folder that is walked with everything below it. */
  readonly folder: string;
  /** The label table; undefined when there is none. */
  readonly labels: string | undefined;
  /** Classes that labels may name; any label is a class when not given. */
  readonly classes: readonly string[] | undefined;
  /** DICOM objects in the folder that say what the table does not. */
  readonly labelsFrom?: LabelObject | undefined;
  /** The structure or segment that masks are made of; needed where the objects mark several. */
  readonly structure?: string | undefined;
  /** Which of several objects that mark one structure of a picture counts; when not given, such pictures are set aside. */
  readonly reading?: Reading | undefined;
  /** `full` when not given. */
  readonly textCheck?: TextCheck | undefined;
  /** `set-aside` when not given. */
  readonly derived?: DerivedUse | undefined;
  /** Files relative to the folder that a person has looked at, and found free of text that names a patient. */
  readonly lookedAt?: readonly string[] | undefined;
}

/** A mask as it was read, or one that an earlier reading has stored. */
export type MaskFact =
  | { readonly kind: 'read'; readonly pixels: Uint8Array; readonly identity: FileIdentity | undefined }
  | { readonly kind: 'stored'; readonly digest: string };

/** What is said of one frame. */
export interface FrameLabel {
  /** From 0. */
  readonly frame: number;
  readonly label: string | undefined;
  readonly mask: MaskFact | undefined;
}

/** What the label table says of one file; joined before the identifiers change. */
export interface PictureFacts {
  /** Number of the file in the ledger: how a later stage can say which one it sets aside without naming it. */
  readonly ordinal: number;
  /** The frames that are examples, at least one. */
  readonly labelled: readonly FrameLabel[];
  /** As the table gives it. */
  readonly part: Part | undefined;
  /** As the table gives it: identifying. */
  readonly patientId: string | undefined;
}

/** Identifying: nothing but `deidentify` may look at the header. */
export interface RawPicture extends PictureFacts {
  readonly kind: 'raw';
  readonly file: DecodedFile & { readonly header: DicomHeader };
  readonly keys: JoinKeys;
  readonly identity: FileIdentity;
  readonly isSearched: boolean;
}

/** A file that an earlier reading has de-identified and stored. */
export interface KeptPicture extends PictureFacts {
  readonly kind: 'kept';
  readonly stored: StoredPicture;
}

interface CleanFacts extends Omit<PictureFacts, 'patientId'> {
  /** Of the table's patient where it names one: goes before what was stored. */
  readonly header: DeidentifiedHeader;
}

export interface CleanNewPicture extends CleanFacts {
  readonly kind: 'new';
  readonly ownHeader: DeidentifiedHeader;
  readonly file: Omit<DecodedFile, 'header' | 'frameOfReferenceUid'>;
  /** Keyed hash; '' when the file does not say. */
  readonly frameOfReference: string;
  readonly year: string;
  readonly keys: JoinKeys;
  readonly identity: FileIdentity;
  readonly isSearched: boolean;
}

export interface CleanKeptPicture extends CleanFacts {
  readonly kind: 'kept';
  readonly stored: StoredPicture;
}

export type CleanPicture = CleanNewPicture | CleanKeptPicture;

/** What is kept of a file once its pixels are in the store: keyed hashes and an allow-list of facts. */
export interface StoredPicture {
  readonly keys: JoinKeys;
  /** As the file itself says, without any label table. */
  readonly header: DeidentifiedHeader;
  /** Of the study; '' when the file does not say. For counts of the report, never in an example. */
  readonly year: string;
  /** Whether its pixels have been searched for text, or a person has looked at them. */
  readonly isSearched: boolean;
  readonly rows: number;
  readonly columns: number;
  readonly spacingMm: { readonly row: number; readonly column: number } | null;
  /** How its values came about, where a person should know. */
  readonly remarks: readonly PictureRemark[];
  /** Undefined where it is missing or no number. */
  readonly instanceNumber?: number | undefined;
  /** Keyed hash of the frame of reference; '' when the file does not say. */
  readonly frameOfReference: string;
  readonly frames: readonly StoredFrame[];
}

export interface StoredFrame {
  readonly image: StoredPixels;
  readonly place: SlicePlace | null;
  /** Texts as keyed hashes: they are only ever compared. Null for what has no place. */
  readonly acquisition: Acquisition | null;
}
