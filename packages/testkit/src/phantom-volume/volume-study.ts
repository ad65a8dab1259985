import { type ImagePlane, type SliceFields, type SourceSeries, type StudyFacts, uidFromName } from '@consilium/dicom';
import { SeededRandom } from '../seeded-random.js';
import { type Lesion, lesionMask } from './lesion.js';
import type { Point } from './solids.js';
import type { VolumePatient } from './volume-roster.js';

/** One study to take. Anatomy depends on seed and patient alone, all else on the study too. */
export interface VolumeStudyOrder {
  readonly seed: string | number;
  readonly siteId: string;
  readonly patient: VolumePatient;
  /** From 0. */
  readonly study: number;
  /** Rows and columns, if not the protocol's. */
  readonly matrix?: number;
}

/** A series, its lesions, and its slices as they are asked for: a whole one need not fit in memory. */
export interface PhantomSeries {
  readonly source: SourceSeries;
  readonly description: string;
  readonly lesions: readonly SeenLesion[];
  readonly sliceAt: (index: number) => SliceFields;
}

export interface SeenLesion {
  /** Such as "nodule 1"; the same in every study and series of the patient. */
  readonly name: string;
  readonly lesion: Lesion;
  /** One a slice: [rows, columns], 1 inside. */
  readonly masks: readonly Uint8Array[];
}

export interface Stack {
  /** In the coordinates of the body's drawing. */
  readonly drawn: readonly ImagePlane[];
  /** In those of the scanner, which the files have: moved by the position on the table. */
  readonly scanned: readonly ImagePlane[];
}

export interface StackOrder {
  readonly center: Point;
  /** About the axis from right to left, then about the one from foot to head. */
  readonly tiltRadians: number;
  readonly yawRadians: number;
  readonly matrix: number;
  readonly fieldOfViewMm: number;
  readonly thicknessMm: number;
  readonly spacingMm: number;
  readonly slices: number;
  readonly isUpwards: boolean;
  readonly tableMm: Point;
}

/** Parallel planes around a point, one every `spacingMm` along their normal. */
export function stackPlanes(order: StackOrder): Stack {
  const { tiltRadians, yawRadians, matrix, slices, spacingMm, thicknessMm, center } = order;
  const [ct, st] = [Math.cos(tiltRadians), Math.sin(tiltRadians)];
  const [cy, sy] = [Math.cos(yawRadians), Math.sin(yawRadians)];
  const row: Point = [cy, sy, 0];
  const column: Point = [-sy * ct, cy * ct, st];
  const normal: Point = [sy * st, -cy * st, ct];
  const pixelMm = order.fieldOfViewMm / matrix;
  const toCorner = (-pixelMm * (matrix - 1)) / 2;
  const planeAt = (offsetMm: number, moved: Point): ImagePlane => {
    const at = (axis: 0 | 1 | 2) =>
      center[axis] + moved[axis] + offsetMm * normal[axis] + toCorner * (row[axis] + column[axis]);
    return {
      positionMm: [at(0), at(1), at(2)],
      orientation: [...row, ...column],
      spacingMm: { row: pixelMm, column: pixelMm },
      thicknessMm,
    };
  };
  const offsets = Array.from({ length: slices }, (_, k) => (k - (slices - 1) / 2) * spacingMm);
  if (!order.isUpwards) offsets.reverse();
  const planes = (moved: Point) => offsets.map((offset) => planeAt(offset, moved));
  return { drawn: planes([0, 0, 0]), scanned: planes(order.tableMm) };
}

/** Every lesion with its mask in every slice; those that no slice cuts are left out. */
export function seenLesions(name: string, lesions: readonly Lesion[], { drawn }: Stack, matrix: number): SeenLesion[] {
  return lesions
    .map((lesion, index) => ({
      name: `${name} ${index + 1}`,
      lesion,
      masks: drawn.map((plane) => lesionMask(lesion, matrix, matrix, plane)),
    }))
    .filter(({ masks }) => masks.some((mask) => mask.includes(1)));
}

/** All of a slice but its pixels, and how its pixels come about. */
export interface SeriesMaker {
  readonly modality: string;
  readonly description: string;
  readonly fieldsAt: (index: number) => Omit<SliceFields, 'stored'>;
  readonly scanAt: (index: number) => ArrayLike<number>;
}

/** A series whose slices are scanned when they are asked for. */
export function phantomSeries(maker: SeriesMaker, { scanned }: Stack, lesions: readonly SeenLesion[]): PhantomSeries {
  const { modality, description, fieldsAt, scanAt } = maker;
  const { study, series, sopClassUid, rows, columns } = fieldsAt(0);
  const { seriesInstanceUid, frameOfReferenceUid } = series;
  const images = scanned.map((plane, index) => ({ sopInstanceUid: fieldsAt(index).sopInstanceUid, plane }));
  return {
    source: { study, modality, seriesInstanceUid, frameOfReferenceUid, sopClassUid, rows, columns, images },
    description,
    lesions,
    sliceAt: (index) => ({ ...fieldsAt(index), stored: scanAt(index) }),
  };
}

/** The name from which a study's UIDs are made. */
export function studyName(modality: string, { seed, siteId, patient, study }: VolumeStudyOrder): string {
  return `${modality} phantom ${seed} ${siteId} ${patient.id} ${study}`;
}

export function studyFacts(modality: string, description: string, order: VolumeStudyOrder): StudyFacts {
  const { patient, seed, study } = order;
  const body = new SeededRandom('size', seed, patient.id);
  const sizeM = body.normal(patient.sex === 'F' ? 1.65 : 1.77, 0.065);
  const weightKg = sizeM * sizeM * Math.max(18, body.normal(25.5, 3.5));
  const first = Date.UTC(2023, 0, 2) + body.integer(0, 500) * 86_400_000;
  const day = new Date(first + study * body.integer(90, 260) * 86_400_000).toISOString().slice(0, 10);
  const two = (value: number) => String(value).padStart(2, '0');
  return {
    patientId: patient.id,
    patientName: `Phantom^${patient.id}`,
    patientSex: patient.sex,
    patientAge: `${String(patient.ageYears).padStart(3, '0')}Y`,
    patientSizeM: Number(sizeM.toFixed(2)),
    patientWeightKg: Math.round(weightKg),
    studyInstanceUid: uidFromName(`${studyName(modality, order)} study`),
    studyDate: day.replaceAll('-', ''),
    studyTime: `${two(body.integer(7, 18))}${two(body.integer(0, 59))}00`,
    studyId: String(study + 1),
    studyDescription: description,
    accessionNumber: `A${body.integer(1_000_000, 9_999_999)}-${study + 1}`,
  };
}
