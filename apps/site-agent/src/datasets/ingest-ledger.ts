import type { PictureRemark } from '@consilium/dicom';
import type { TableReading } from './label-table.js';

/** Why a picture is not in the dataset. */
export const SET_ASIDE = {
  'not-dicom': 'not a DICOM file',
  truncated: 'ends too early',
  unsupported: 'of a kind that is not read yet',
  'too-large': 'larger than is read',
  undecodable: 'its compressed picture cannot be decoded',
  timeout: 'took too long to read',
  'reader-failed': 'reading it failed: please report this',
  'no-pixels': 'holds no picture',
  contradictory: 'contradicts itself',
  unreadable: 'cannot be opened',
  localizer: 'a localizer (scout view)',
  mosaic: 'a sheet of many slices (mosaic); taken with --derived use',
  projection: 'a projection or rendering of a volume (such as MIP), no slice; taken with --derived use',
  'screen-save': 'a saved screen or a dose report; taken with --derived use',
  'derived-in-series':
    'derived from other pictures (a reformat, a map) in a series of original slices; taken with --derived use',
  'burned-in': 'may show text that names its patient',
  'series-with-text': 'a slice of its series may show text that names its patient: they are looked at together',
  'patient-excluded': 'its patient is excluded',
  'no-label': 'image without a label',
  'unknown-class': 'its label names no known class',
  'two-readings':
    'two label objects mark the structure differently: choose with --reading newest, or take one of them out of the folder',
  'annotation-superseded': 'a label object older than another of the same pictures (--reading newest)',
  'annotation-of-several':
    'a label object that names pictures that are not here, and lies in several series of its patient: which is meant?',
  'annotation-elsewhere': 'a label object of which no picture is here',
  'mask-missing': 'its mask is missing',
  'mask-unreadable': 'its mask cannot be read',
  'mask-many-valued': 'its mask has several values beside zero: which of them mean the structure cannot be told',
  'mask-in-alpha':
    'its mask is one colour, and only its transparency (alpha) says anything: save it as black and white',
  'mask-size': 'its mask has another size',
  duplicate: 'the same picture as another file',
  'uid-of-two-pictures':
    'a different picture has the same SOP Instance UID: which of them is meant cannot be told, none is used',
  'label-contradicted': 'the same picture as another file, with another label or mask: none of them is used',
  'label-repeated': 'what the label table or label objects say of it contradicts itself',
  'patient-id-mangled':
    'the label table names its patient with other case, blanks or leading zeros than the file: correct the table',
  'label-taken': 'the mask of its line of the label table belongs to another film already',
  'split-unknown': 'its line names no part of the split',
  'patient-in-two-parts': 'the table puts its patient into two parts of the split',
  'part-changed': 'the table puts its patient into another part than an earlier version did',
} as const;
export type SetAsideReason = keyof typeof SET_ASIDE;

/** Files that are plainly no pictures, and why they are there. */
export const NOT_AN_IMAGE = {
  'label-table': 'the label table',
  mask: 'mask of an image',
  'mask-without-image': 'picture among the masks that no line names',
  directory: 'DICOM directory (DICOMDIR)',
  annotation: 'labels or masks as a DICOM object (SEG, RTSTRUCT, SR)',
  'annotation-by-place':
    'label object that names pictures that are not here, placed in the one series of its frame of reference and planes',
  'other-object': 'DICOM object that is no picture (report, plan, presentation, ...)',
  link: 'symbolic link or special file, not followed',
} as const;
export type NotAnImageReason = keyof typeof NOT_AN_IMAGE;

export type Outcome =
  | { readonly kind: 'usable' }
  | { readonly kind: 'set-aside'; readonly reason: SetAsideReason }
  | { readonly kind: 'not-an-image'; readonly reason: NotAnImageReason };

/** A line of the label table that has no film. */
export interface OrphanLabel {
  readonly line: number;
  /** The file, UID or patient that the line names. */
  readonly names: string;
  /** The id of a patient whose pictures are here, and that differs in case, blanks or leading zeros alone. */
  readonly near?: string | undefined;
}

/** A picture that cannot be used; caught where its file is booked. */
export class SetAside extends Error {
  constructor(readonly reason: SetAsideReason) {
    super(reason);
  }
}

/** One object each, however many files there are. */
const OUTCOMES = {
  usable: { kind: 'usable' } as const,
  setAside: Object.fromEntries(Object.keys(SET_ASIDE).map((reason) => [reason, { kind: 'set-aside', reason }])),
  notAnImage: Object.fromEntries(Object.keys(NOT_AN_IMAGE).map((reason) => [reason, { kind: 'not-an-image', reason }])),
} as unknown as {
  readonly usable: Outcome;
  readonly setAside: Readonly<Record<SetAsideReason, Outcome>>;
  readonly notAnImage: Readonly<Record<NotAnImageReason, Outcome>>;
};

/**
 * Accounts for every file of a folder: each gets one outcome, and a file without one is a fault of ours. Later stages know
 * a file by its number only; its name stays here.
 */
export class IngestLedger {
  private readonly outcomes: (Outcome | undefined)[] = [];
  /** Of a file that is set aside because of another one: the number of that. */
  readonly because = new Map<number, number>();
  readonly objects = new ObjectCounts();
  orphanLabels: readonly OrphanLabel[] = [];
  labelRows = 0;
  tableReading: TableReading | undefined;
  /** Frames of usable files that are not examples, by reason. */
  readonly framesLeftOut = new Map<SetAsideReason, number>();
  /** Used files whose values need a word, by what is to be said of them. */
  readonly remarks = new Map<PictureRemark, number>();
  /** Series (keyed hashes) of files that may show text. */
  readonly seriesWithText = new Set<string>();
  /** Pictures of the version before that files of this reading contradict: they are left out too. */
  contradictedBefore = 0;
  /** Contours or frames of a label object that belong to no picture here, and how many it has. */
  readonly partsWithoutPicture = new Map<number, { readonly unmet: number; readonly parts: number }>();
  /** Files that an earlier reading had read. */
  kept = 0;

  constructor(readonly files: readonly string[]) {}

  usable(ordinal: number): void {
    this.outcomes[ordinal] = OUTCOMES.usable;
  }

  setAside(ordinal: number, reason: SetAsideReason): void {
    this.outcomes[ordinal] = OUTCOMES.setAside[reason];
  }

  notAnImage(ordinal: number, reason: NotAnImageReason): void {
    this.outcomes[ordinal] = OUTCOMES.notAnImage[reason];
  }

  outcome(ordinal: number): Outcome | undefined {
    return this.outcomes[ordinal];
  }

  /** Of a file that is used. */
  remark(found: readonly PictureRemark[]): void {
    for (const remark of found) this.remarks.set(remark, (this.remarks.get(remark) ?? 0) + 1);
  }

  leaveOutFrame(reason: SetAsideReason): void {
    this.framesLeftOut.set(reason, (this.framesLeftOut.get(reason) ?? 0) + 1);
  }
}

/** How many studies, series and objects the DICOM files of a folder belong to, and of which kinds they are. */
export class ObjectCounts {
  private readonly studies = new Set<string>();
  private readonly series = new Set<string>();
  private readonly instances = new Set<string>();
  readonly modalities = new Map<string, number>();

  /** By what names them, hashed: pseudonyms, or nothing where a file names none. */
  count(of: { readonly study: string; readonly series: string; readonly instance: string; readonly modality: string }) {
    this.studies.add(of.study);
    this.series.add(of.series);
    this.instances.add(of.instance);
    const modality = of.modality || '(none)';
    this.modalities.set(modality, (this.modalities.get(modality) ?? 0) + 1);
  }

  get totals(): { readonly studies: number; readonly series: number; readonly instances: number } {
    return { studies: this.studies.size, series: this.series.size, instances: this.instances.size };
  }
}
