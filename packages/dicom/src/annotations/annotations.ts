import type { Vector } from '../geometry/vectors.js';
import type { Code } from '../writing/codes.js';
import type { SlicePlane } from './geometry.js';

/**
 * A segment of a SEG, or a region of interest of an RTSTRUCT. The label is a person's text: hostile, maybe identifying.
 */
export interface Structure {
  readonly number: number;
  readonly label: string;
  /** What the structure is (segmented property type); undefined where the object does not say. */
  readonly code: Code | undefined;
}

/**
 * One statement of a report: `Finding` = `Nodule`, `Diameter` = `12.5 mm`. The value is text, hostile, maybe
 * identifying.
 */
export interface Finding {
  readonly concept: Code;
  /** The meaning of a code, a text, or a number with its unit. */
  readonly value: string;
  readonly valueCode: Code | undefined;
  /** The pictures that it is about; undefined when it is about all that the report rests on. */
  readonly images: readonly InstanceReference[] | undefined;
}

/** A picture that an object names; a part that it leaves out is undefined. */
export interface InstanceReference {
  readonly studyInstanceUid: string | undefined;
  readonly seriesInstanceUid: string | undefined;
  readonly sopInstanceUid: string;
  /** From 1; undefined for all of them. */
  readonly frames: readonly number[] | undefined;
}

/** How an object finds its pictures. By place: it names pictures of before they were exported anew. */
export type Placing = 'as-named' | 'by-place';

/** One closed contour, or one frame of a segmentation: where it says that it is. */
export interface AnnotationPart {
  /** Number of its structure; undefined in a label map, where the values say it. */
  readonly structure: number | undefined;
  /** Pictures that it names. */
  readonly sources: readonly InstanceReference[];
  /** Points of its plane, in millimetres of the patient: all in it, or they are no plane. Empty where it has no place. */
  readonly pointsMm: readonly Vector[];
}

/** One picture that is asked about, by its own identifiers. */
export interface AnnotatedImage {
  readonly sopInstanceUid: string;
  readonly studyInstanceUid: string;
  /** From 1. */
  readonly frame: number;
  /** In its file. */
  readonly frameCount: number;
  /** To the nearest other slice of its series; undefined where nobody has looked. */
  readonly sliceGapMm: number | undefined;
  readonly rows: number;
  readonly columns: number;
  /** Without one, only an object that names the picture can speak of it. */
  readonly frameOfReferenceUid: string | undefined;
  /** Needed for contours, and for masks of another size than the picture's. */
  readonly plane: SlicePlane | undefined;
}

/** What one object says. Functions take a picture; all are pure, and none keeps what it was asked. */
export interface Annotations {
  readonly kind: 'seg' | 'rtstruct' | 'sr';
  readonly sopInstanceUid: string;
  readonly studyInstanceUid: string;
  readonly placing: Placing;
  /** When its content was made, `YYYYMMDDHHMMSS` as far as it says; '' where it does not. */
  readonly made: string;
  /** Empty for a report. */
  readonly frameOfReferenceUids: readonly string[];
  /** Empty for a report. */
  readonly parts: readonly AnnotationPart[];
  /** Every picture that is named, in the order of the file; the same one may come twice. */
  readonly references: readonly InstanceReference[];
  /** Empty for a report. */
  readonly structures: readonly Structure[];
  /** Empty for masks and contours. */
  readonly findings: readonly Finding[];
  /**
   * Shapes   [rows, columns] of the picture, row-major, 0 or 1; undefined when the object does not speak of the
   *          picture.
   * Errors   those of the object's reader; MASK_SIZE_MISMATCH when the mask has another size and no plane to relate
   *          them.
   */
  maskOf(image: AnnotatedImage, structure: Structure): Uint8Array | undefined;
  /** In the order of the report: what is said of the picture, or of all that the report rests on. */
  findingsOf(image: AnnotatedImage): readonly Finding[];
}
