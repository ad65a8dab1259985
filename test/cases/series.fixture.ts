import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CT_IMAGE_STORAGE,
  type DataSet,
  enhancedCtDataSet,
  MR_IMAGE_STORAGE,
  type SourceSeries,
  sliceDataSet,
  uidFromName,
  writeDataSet,
} from '@consilium/dicom';

export const SIDE = 16;
const AXIAL = [1, 0, 0, 0, 1, 0] as const;
export const BLANK = Array.from({ length: SIDE * SIDE }, () => 0);

/** Values that differ wherever a name does. */
export function pixelsOf(name: string): number[] {
  let state = [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7);
  return Array.from({ length: SIDE * SIDE }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 21;
  });
}

export interface SliceOf {
  readonly patient: string;
  /** Within the patient; names the instance unless `instance` does. */
  readonly name: string;
  readonly atMm: number;
  readonly number?: number;
  readonly stored?: readonly number[];
  readonly instance?: string;
  readonly series?: string;
  readonly frameOfReference?: string;
  readonly modality?: 'CT' | 'MR';
  readonly more?: DataSet;
}

const studyOf = (patient: string) => ({
  patientId: patient,
  patientSex: 'F',
  patientAge: '047Y',
  studyInstanceUid: uidFromName(`study ${patient}`),
  studyDate: '20240305',
  studyTime: '101500',
});
const EQUIPMENT = { manufacturer: 'ACME', model: '7', deviceSerialNumber: '1', softwareVersions: '1' };
const planeAt = (mm: number) => ({
  positionMm: [0, 0, mm] as const,
  orientation: AXIAL,
  spacingMm: { row: 1, column: 1 },
  thicknessMm: 2,
});

/** The slices that `writeSliceFile` has written, as an object names them that is about them. */
export function sourceOf(slices: readonly SliceOf[]): SourceSeries {
  const [{ patient, series = patient, frameOfReference = `${patient} ${series}` }] = slices as [SliceOf];
  return {
    study: studyOf(patient),
    modality: 'CT',
    seriesInstanceUid: uidFromName(`series ${series}`),
    frameOfReferenceUid: uidFromName(`frame of reference ${frameOfReference}`),
    sopClassUid: CT_IMAGE_STORAGE,
    rows: SIDE,
    columns: SIDE,
    images: slices.map(({ name, atMm, instance = `${patient} ${name}` }) => ({
      sopInstanceUid: uidFromName(`instance ${instance}`),
      plane: planeAt(atMm),
    })),
  };
}

/** One slice of a made-up patient, as `PATIENT-NAME.dcm` in a folder. */
export function writeSliceFile(folder: string, slice: SliceOf): string {
  const { patient, name, atMm, number = 1 + atMm, modality = 'CT' } = slice;
  const { instance = `${patient} ${name}`, series = patient, frameOfReference = `${patient} ${series}` } = slice;
  const dataSet = sliceDataSet({
    sopClassUid: modality === 'CT' ? CT_IMAGE_STORAGE : MR_IMAGE_STORAGE,
    sopInstanceUid: uidFromName(`instance ${instance}`),
    study: studyOf(patient),
    equipment: EQUIPMENT,
    series: {
      seriesInstanceUid: uidFromName(`series ${series}`),
      seriesNumber: 1,
      frameOfReferenceUid: uidFromName(`frame of reference ${frameOfReference}`),
      bodyPartExamined: 'CHEST',
      patientPosition: 'HFS',
    },
    instanceNumber: number,
    plane: planeAt(atMm),
    rows: SIDE,
    columns: SIDE,
    stored: slice.stored ?? pixelsOf(`${patient} ${name}`),
    bitsStored: 12,
    isSigned: false,
    acquisition: {},
  });
  const file = `${patient}-${name}.dcm`;
  writeFileSync(join(folder, file), writeDataSet({ ...dataSet, ...slice.more }));
  return file;
}

export interface FrameOf {
  readonly atMm: number;
  readonly stored: readonly number[];
  /** Functional groups of the frame. */
  readonly groups?: DataSet;
}

/** An enhanced CT (or what `more` makes of it) of several frames, as `PATIENT.dcm`. */
export function writeFramesFile(folder: string, patient: string, frames: readonly FrameOf[], more: DataSet = {}): void {
  const dataSet = enhancedCtDataSet({
    sopInstanceUid: uidFromName(`instance ${patient}`),
    study: studyOf(patient),
    equipment: EQUIPMENT,
    seriesInstanceUid: uidFromName(`series ${patient}`),
    seriesNumber: 1,
    frameOfReferenceUid: uidFromName(`frame of reference ${patient}`),
    rows: SIDE,
    columns: SIDE,
    bitsStored: 12,
    isSigned: false,
    window: { center: 1000, width: 2000 },
    frames: frames.map(({ atMm, stored }) => ({
      plane: planeAt(atMm),
      stored,
      rescale: { slope: 1, intercept: 0 },
    })),
  });
  const groups = dataSet.PerFrameFunctionalGroupsSequence as readonly DataSet[];
  const perFrame = groups.map((group, at) => ({ ...group, ...frames[at]!.groups }));
  writeFileSync(
    join(folder, `${patient}.dcm`),
    writeDataSet({ ...dataSet, PerFrameFunctionalGroupsSequence: perFrame, ...more }),
  );
}

/** A label table by patients, the classes by turns, every part with some. */
export function writeLabels(folder: string, patients: readonly string[]): void {
  const parts = ['train', 'validation', 'test'];
  const lines = patients.map((patient, at) => `${patient},${at % 2 ? 'b' : 'a'},${parts[at % 3]}`);
  writeFileSync(join(folder, 'labels.csv'), ['patient_id,label,split', ...lines, ''].join('\n'));
}
