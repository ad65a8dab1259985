import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CODES,
  type Code,
  type DataSet,
  RT_STRUCTURE_SET_STORAGE,
  type SourceSeries,
  uidFromName,
  writeDataSet,
  writeSegmentation,
} from '@consilium/dicom';
import { add } from './pictures.fixture.js';
import { SIDE, type SliceOf, sourceOf, writeSliceFile } from './series.fixture.js';

const EQUIPMENT = { manufacturer: 'ACME', model: '7', deviceSerialNumber: '1', softwareVersions: '1' };

/** Slices of a made-up patient, and what names them. */
export function writeSeries(folder: string, patient: string, placesMm: readonly number[], more: Partial<SliceOf> = {}) {
  const slices = placesMm.map((atMm, at) => ({
    ...{ patient, name: `${more.series ?? ''}${atMm}`, atMm, number: at + 1 },
    ...more,
  }));
  for (const slice of slices) writeSliceFile(folder, slice);
  return sourceOf(slices);
}

/** [rows, columns] of 1 in a rectangle. */
export function block(top: number, left: number, rows: number, columns: number): Uint8Array {
  const mask = new Uint8Array(SIDE * SIDE);
  for (let r = top; r < top + rows; r++) mask.fill(1, r * SIDE + left, r * SIDE + left + columns);
  return mask;
}

export interface Segment {
  readonly label: string;
  readonly type?: Code;
  readonly masks: readonly (Uint8Array | undefined)[];
}

/** A segmentation; `name` names it, and its file. */
export function writeSeg(folder: string, name: string, source: SourceSeries, segments: readonly Segment[]): void {
  const bytes = writeSegmentation({
    source,
    sopInstanceUid: uidFromName(`seg ${name}`),
    seriesInstanceUid: uidFromName(`seg series ${name}`),
    seriesNumber: 9,
    equipment: EQUIPMENT,
    contentLabel: 'SEG',
    segments: segments.map(({ label, type = CODES.nodule, masks }) => ({
      ...{ label, type, masks, trackingId: label, trackingUid: uidFromName(`${name} ${label}`) },
    })),
  });
  writeFileSync(join(folder, `${name}.dcm`), bytes);
}

/** The same pictures as they were named before they were exported anew; frame of reference and places are the same. */
export function reexported(source: SourceSeries): SourceSeries {
  const before = (uid: string) => uidFromName(`before ${uid}`);
  return {
    ...source,
    study: { ...source.study, studyInstanceUid: before(source.study.studyInstanceUid) },
    seriesInstanceUid: before(source.seriesInstanceUid),
    images: source.images.map(({ sopInstanceUid, plane }) => ({ sopInstanceUid: before(sopInstanceUid), plane })),
  };
}

export interface DrawnContour {
  /** x, y in mm of the patient, which are pixels here: 0 at the centre of the first. */
  readonly corners: readonly (readonly [number, number])[];
  readonly zMm: number;
  readonly kind?: 'CLOSED_PLANAR' | 'CLOSEDPLANAR_XOR';
}

/** The corners of a rectangle around the centres of these pixels. */
export function around(top: number, left: number, rows: number, columns: number): [number, number][] {
  const [x, y] = [left - 0.5, top - 0.5];
  return [
    [x, y],
    [x + columns, y],
    [x + columns, y + rows],
    [x, y + rows],
  ];
}

/** A structure set whose contours name no picture, unless the source is to be listed. */
export function writeContours(
  folder: string,
  name: string,
  source: SourceSeries,
  regions: Readonly<Record<string, readonly DrawnContour[]>>,
  { listsPictures = false }: { readonly listsPictures?: boolean } = {},
): void {
  const { study, frameOfReferenceUid, seriesInstanceUid, images } = source;
  const listed: DataSet = {
    SeriesInstanceUID: seriesInstanceUid,
    ContourImageSequence: images.map(({ sopInstanceUid }) => ({ ReferencedSOPInstanceUID: sopInstanceUid })),
  };
  const dataSet: DataSet = {
    SOPClassUID: RT_STRUCTURE_SET_STORAGE,
    SOPInstanceUID: uidFromName(`contours ${name}`),
    PatientID: study.patientId,
    StudyInstanceUID: study.studyInstanceUid,
    Modality: 'RTSTRUCT',
    SeriesInstanceUID: uidFromName(`contours series ${name}`),
    StructureSetLabel: 'RT',
    StructureSetDate: study.studyDate,
    StructureSetTime: study.studyTime,
    ReferencedFrameOfReferenceSequence: listsPictures
      ? [
          {
            FrameOfReferenceUID: frameOfReferenceUid,
            RTReferencedStudySequence: [
              { ReferencedSOPInstanceUID: study.studyInstanceUid, RTReferencedSeriesSequence: [listed] },
            ],
          },
        ]
      : [],
    StructureSetROISequence: Object.keys(regions).map((label, at) => ({
      ROINumber: at + 1,
      ReferencedFrameOfReferenceUID: frameOfReferenceUid,
      ROIName: label,
      ROIGenerationAlgorithm: 'MANUAL',
    })),
    ROIContourSequence: Object.values(regions).map((contours, at) => ({
      ReferencedROINumber: at + 1,
      ContourSequence: contours.map(({ corners, zMm, kind = 'CLOSED_PLANAR' }) => ({
        ContourGeometricType: kind,
        NumberOfContourPoints: corners.length,
        ContourData: corners.flatMap(([x, y]) => [String(x), String(y), String(zMm)]),
      })),
    })),
  };
  writeFileSync(join(folder, `${name}.dcm`), writeDataSet(dataSet));
}

export interface Marked {
  readonly patient: string;
  readonly atMm: number;
  /** Null without a mask. */
  readonly pixels: number | null;
}

/** `dataset add` with the objects' masks, and what each slice has of them, by patient and place. */
export function addMarked(folder: string, kind: 'seg' | 'rtstruct', words: readonly string[] = ['--labels', 'none']) {
  const added = add(folder, ['--labels-from', kind, ...words]);
  const datasets = join(added.dir, 'datasets');
  const [index] = readdirSync(datasets).filter((name) => name.endsWith('.json'));
  const examples: { patient: string; positionMm: number; maskPixels: number | null }[] =
    index === undefined ? [] : JSON.parse(readFileSync(join(datasets, index), 'utf8')).examples;
  const marked = examples.map(({ patient, positionMm, maskPixels }) => ({
    patient,
    atMm: positionMm,
    pixels: maskPixels,
  }));
  const patients = Map.groupBy(marked, ({ patient }) => patient);
  return {
    ...added,
    /** Pixels by place, of each patient. */
    masks: [...patients.values()].map((own) =>
      Object.fromEntries(own.sort((a, b) => a.atMm - b.atMm).map(({ atMm, pixels }) => [atMm, pixels])),
    ),
  };
}
