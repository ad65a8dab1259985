import { join } from 'node:path';
import type { AnnotatedImage, AnnotationChoice, ScannedHeader, SlicePlane } from '@consilium/dicom';
import { type ErrorCode, errorCode } from '@consilium/errors';
import type { AnnotatedPicture } from '../decoding/annotate-pictures.js';
import type { AnnotatePool } from '../decoding/decode-pool.js';
import type { SlicePlace } from '../decoding/decoded-file.js';
import { throwIfStopped } from '../platform/stopping.js';
import { cleanLabel } from './deidentify.js';
import type { DatasetRequest } from './image.js';
import type { IngestLedger, SetAsideReason } from './ingest-ledger.js';

/** A frame as far as labels and masks need it. */
export interface FrameGeometry {
  readonly rows: number;
  readonly columns: number;
  readonly spacingMm: SlicePlane['spacingMm'] | null;
  readonly place: SlicePlace | undefined;
}

/** Why a label object is set aside; whatever else its reader says, it contradicts itself. */
const REASONS: Readonly<Partial<Record<ErrorCode, SetAsideReason>>> = {
  DICOM_NOT_DICOM: 'not-dicom',
  DICOM_TRUNCATED: 'truncated',
  DICOM_UNSUPPORTED: 'unsupported',
  DICOM_TOO_LARGE: 'too-large',
  DICOM_UNREADABLE: 'unreadable',
  DICOM_CODESTREAM_INVALID: 'undecodable',
};

/**
 * Label objects of a folder, by their study: a picture is asked of those of its own study alone, so that no more of them
 * than of a few studies are ever in memory. They are read where pictures are: in threads that are thrown away.
 */
export class StudyAnnotations {
  private readonly objects = new Map<string, number[]>();
  private readonly choice: AnnotationChoice;

  constructor(
    private readonly root: string,
    private readonly ledger: IngestLedger,
    private readonly pool: AnnotatePool,
    { labelsFrom, structure }: DatasetRequest,
  ) {
    this.choice = { kinds: [labelsFrom!], ...(structure !== undefined && { structure }) };
  }

  /** An object that the first look at the folder has found; the study by its keyed hash. */
  add(study: string, ordinal: number): void {
    const own = this.objects.get(study) ?? [];
    own.push(ordinal);
    this.objects.set(study, own);
  }

  /** What the objects say of each frame; undefined where there are none. Errors  STOPPED. */
  async of(
    study: string,
    scanned: ScannedHeader,
    frames: readonly FrameGeometry[],
    signal: AbortSignal,
  ): Promise<readonly AnnotatedPicture[] | undefined> {
    const ordinals = this.objects.get(study);
    if (!ordinals) return undefined;
    const objects = ordinals.map((ordinal) => join(this.root, this.ledger.files[ordinal]!));
    const images = frames.map((frame, i) => imageOf(scanned, frame, i));
    try {
      const annotated = await this.pool.annotate({ objects, choice: this.choice, images }, signal);
      for (const { object, code } of annotated.refused)
        this.ledger.setAside(ordinals[object]!, REASONS[code] ?? 'contradictory');
      return annotated.images.map(({ label, ...image }) => ({
        ...image,
        label: label === undefined ? undefined : cleanLabel(label, scanned.header),
      }));
    } catch (error) {
      throwIfStopped(signal);
      const problem = errorCode(error);
      return images.map(() => ({ label: undefined, mask: undefined, labelProblem: problem, maskProblem: problem }));
    }
  }
}

function imageOf({ header, frameOfReferenceUid }: ScannedHeader, frame: FrameGeometry, i: number): AnnotatedImage {
  const { rows, columns, place, spacingMm } = frame;
  const { sopInstanceUid, studyInstanceUid } = header;
  return {
    ...{ sopInstanceUid, studyInstanceUid, frame: i + 1, rows, columns },
    frameOfReferenceUid: frameOfReferenceUid || undefined,
    plane: place && spacingMm ? { ...place, spacingMm } : undefined,
  };
}
