/** Why a picture is not in the dataset. */
export const SET_ASIDE = {
  'not-dicom': 'not a DICOM file',
  truncated: 'ends too early',
  unsupported: 'of a kind that is not read yet',
  'no-pixels': 'holds no picture',
  contradictory: 'contradicts itself',
  unreadable: 'cannot be opened',
  'no-label': 'image without a label',
  'unknown-class': 'its label names no known class',
  'mask-missing': 'its mask is missing',
  'mask-unreadable': 'its mask cannot be read',
  'mask-size': 'its mask has another size',
  duplicate: 'the same picture as another file',
  'label-repeated': 'more than one line of the label table names it',
  'label-taken': 'its line of the label table belongs to another film already',
  'split-unknown': 'its line names no part of the split',
  'patient-in-two-parts': 'the table puts its patient into two parts of the split',
} as const;
export type SetAsideReason = keyof typeof SET_ASIDE;

/** Files that are plainly no pictures, and why they are there. */
export const NOT_AN_IMAGE = {
  'label-table': 'the label table',
  mask: 'mask of an image',
  'mask-without-image': 'picture among the masks that no line names',
  directory: 'DICOM directory (DICOMDIR)',
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
}

/** A picture that cannot be used; caught where its file is booked. */
export class SetAside extends Error {
  constructor(readonly reason: SetAsideReason) {
    super(reason);
  }
}

/**
 * Accounts for every file of a folder: each gets one outcome, and a file without one is a fault of ours. Later stages know
 * a file by its number only; its name stays here.
 */
export class IngestLedger {
  private readonly outcomes = new Map<number, Outcome>();
  orphanLabels: readonly OrphanLabel[] = [];
  labelRows = 0;

  constructor(readonly files: readonly string[]) {}

  record(ordinal: number, outcome: Outcome): void {
    this.outcomes.set(ordinal, outcome);
  }

  setAside(ordinal: number, reason: SetAsideReason): void {
    this.record(ordinal, { kind: 'set-aside', reason });
  }

  outcome(ordinal: number): Outcome | undefined {
    return this.outcomes.get(ordinal);
  }
}
