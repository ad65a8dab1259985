import { join } from 'node:path';
import type { AnnotatedImage, AnnotationChoice, ScannedHeader, SlicePlane } from '@consilium/dicom';
import { type ErrorCode, errorCode } from '@consilium/errors';
import type { AnnotatedPicture, PlacedObject } from '../decoding/annotate-pictures.js';
import type { AnnotatePool } from '../decoding/decode-pool.js';
import type { SlicePlace } from '../decoding/decoded-file.js';
import { throwIfStopped } from '../platform/stopping.js';
import { cleanLabel } from './deidentify.js';
import type { DatasetRequest } from './image.js';
import { inOrder } from './in-order.js';
import type { IngestLedger, SetAsideReason } from './ingest-ledger.js';
import type { JoinKeys } from './keyed-hash.js';
import {
  type LabelObjectFile,
  type PlacedLabelObject,
  placeLabelObjects,
  requireOneStructure,
} from './place-label-objects.js';
import { SeriesSlices } from './series-slices.js';

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
  DICOM_TIMEOUT: 'timeout',
};

const AT_ONCE = { items: 4, weight: 4, weigh: () => 1 };

/**
 * Label objects of a folder. First each is looked at alone, to know what it marks and which pictures are its own; then every
 * picture is asked of its own objects, so that no more of them than of a few studies are ever in memory. They are read where
 * pictures are: in threads that are thrown away.
 */
export class StudyAnnotations {
  readonly slices = new SeriesSlices();
  private readonly found: { readonly ordinal: number; readonly keys: JoinKeys }[] = [];
  private readonly ofStudy = new Map<string, PlacedLabelObject[]>();
  private readonly ofSeries = new Map<string, PlacedLabelObject[]>();
  private readonly choice: AnnotationChoice;

  constructor(
    private readonly root: string,
    private readonly ledger: IngestLedger,
    private readonly pool: AnnotatePool,
    private readonly request: Pick<DatasetRequest, 'labelsFrom' | 'structure' | 'reading'>,
  ) {
    const { labelsFrom, structure } = request;
    this.choice = { kinds: [labelsFrom!], ...(structure !== undefined && { structure }) };
  }

  /** An object that the first look at the folder has found. */
  add(keys: JoinKeys, ordinal: number): void {
    this.found.push({ keys, ordinal });
  }

  /** Once all pictures are known: finds those of each object. Errors  ANNOTATION_STRUCTURE_UNCHOSEN, STOPPED. */
  async place(key: Uint8Array, signal: AbortSignal): Promise<void> {
    const files: LabelObjectFile[] = [];
    for await (const file of inOrder(this.found, AT_ONCE, (one) => this.summarize(one, signal)))
      if (file && file.summary.kind === this.request.labelsFrom) files.push(file);
    const { structure, reading } = this.request;
    requireOneStructure(files, structure);
    const choice = { structure, takesNewest: reading === 'newest' };
    const push = (into: Map<string, PlacedLabelObject[]>, at: string, object: PlacedLabelObject) =>
      void into.set(at, [...(into.get(at) ?? []), object]);
    for (const object of placeLabelObjects(files, choice, { slices: this.slices, ledger: this.ledger, key })) {
      for (const study of object.studies) push(this.ofStudy, study, object);
      if (object.series !== undefined) push(this.ofSeries, object.series, object);
    }
  }

  /** What the objects say of each frame; undefined where there are none. Errors  STOPPED. */
  async of(
    { ordinal, keys }: { readonly ordinal: number; readonly keys: JoinKeys },
    scanned: ScannedHeader,
    frames: readonly FrameGeometry[],
    signal: AbortSignal,
  ): Promise<readonly AnnotatedPicture[] | undefined> {
    const asked = [...(this.ofStudy.get(keys.study) ?? []), ...(this.ofSeries.get(keys.series) ?? [])];
    if (asked.length === 0) return undefined;
    const images = frames.map((frame, i) => this.imageOf(scanned, keys.series, frame, i, frames.length));
    try {
      const objects = asked.map((object) => this.placedObject(object));
      const annotated = await this.pool.annotate({ objects, choice: this.choice, images }, signal);
      for (const { object, code } of annotated.refused) this.setAside(asked[object]!.ordinal, code);
      return annotated.images.map(({ label, ...image }) => {
        const [, other] = image.readings;
        if (other !== undefined) this.ledger.because.set(ordinal, asked[other]!.ordinal);
        return { ...image, label: label === undefined ? undefined : cleanLabel(label, scanned.header) };
      });
    } catch (error) {
      throwIfStopped(signal);
      const problem = errorCode(error);
      const said = { label: undefined, mask: undefined, readings: [] };
      return images.map(() => ({ ...said, labelProblem: problem, maskProblem: problem }));
    }
  }

  private async summarize(
    { ordinal, keys }: { readonly ordinal: number; readonly keys: JoinKeys },
    signal: AbortSignal,
  ): Promise<LabelObjectFile | undefined> {
    const path = join(this.root, this.ledger.files[ordinal]!);
    try {
      return { ordinal, keys, summary: await this.pool.summarize(path, signal) };
    } catch (error) {
      throwIfStopped(signal);
      this.setAside(ordinal, errorCode(error));
      return undefined;
    }
  }

  private setAside(ordinal: number, code: ErrorCode): void {
    this.ledger.setAside(ordinal, REASONS[code] ?? 'contradictory');
  }

  private placedObject({ ordinal, series, coversAll }: PlacedLabelObject): PlacedObject {
    const path = join(this.root, this.ledger.files[ordinal]!);
    return { path, placing: series === undefined ? 'as-named' : 'by-place', coversAll };
  }

  private imageOf(
    { header, frameOfReferenceUid }: ScannedHeader,
    series: string,
    frame: FrameGeometry,
    i: number,
    frameCount: number,
  ): AnnotatedImage {
    const { rows, columns, place, spacingMm } = frame;
    const { sopInstanceUid, studyInstanceUid } = header;
    return {
      ...{ sopInstanceUid, studyInstanceUid, frame: i + 1, frameCount, rows, columns },
      sliceGapMm: place && this.slices.gapMm(series, place),
      frameOfReferenceUid: frameOfReferenceUid || undefined,
      plane: place && spacingMm ? { ...place, spacingMm } : undefined,
    };
  }
}
