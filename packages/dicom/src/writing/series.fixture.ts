import type { MaskedStructure } from '../index.js';
import { CODES } from './codes.js';
import type { EquipmentFacts, SourceSeries } from './study-modules.js';
import { uidFromName } from './uid.js';
import { CT_IMAGE_STORAGE, MR_IMAGE_STORAGE, type SliceFields } from './write-slice.js';

/** A tilted series of three small slices, whose 77 pixels share bytes with the next frame's. */
export const ROWS = 7;
export const COLUMNS = 11;

export const EQUIPMENT: EquipmentFacts = {
  manufacturer: 'Vendor A',
  model: 'Model 7',
  deviceSerialNumber: 'S-17',
  softwareVersions: '1.0',
  institutionName: 'Nördlich',
};

const TILT = Math.PI / 12;

export function sourceSeries(modality: 'CT' | 'MR' = 'CT'): SourceSeries {
  return {
    study: {
      patientId: 'P-017',
      patientName: 'Phantom^P-017',
      patientSex: 'F',
      patientAge: '047Y',
      studyInstanceUid: uidFromName('study'),
      studyDate: '20240305',
      studyTime: '101500',
    },
    modality,
    seriesInstanceUid: uidFromName(`${modality} series`),
    frameOfReferenceUid: uidFromName('frame of reference'),
    sopClassUid: modality === 'CT' ? CT_IMAGE_STORAGE : MR_IMAGE_STORAGE,
    rows: ROWS,
    columns: COLUMNS,
    images: [0, 1, 2].map((slice) => ({
      sopInstanceUid: uidFromName(`${modality} slice ${slice}`),
      plane: {
        positionMm: [-50.5, -30.25 - slice * 5 * Math.sin(TILT), 100 + slice * 5 * Math.cos(TILT)],
        orientation: [1, 0, 0, 0, Math.cos(TILT), Math.sin(TILT)],
        spacingMm: { row: 0.75, column: 0.5 },
        thicknessMm: 5,
      },
    })),
  };
}

export function sliceFields(source: SourceSeries, slice: number): SliceFields {
  const isCt = source.modality === 'CT';
  return {
    sopClassUid: source.sopClassUid,
    sopInstanceUid: source.images[slice]!.sopInstanceUid,
    study: source.study,
    equipment: EQUIPMENT,
    series: {
      seriesInstanceUid: source.seriesInstanceUid,
      seriesNumber: 2,
      frameOfReferenceUid: source.frameOfReferenceUid,
      bodyPartExamined: isCt ? 'CHEST' : 'HEAD',
      patientPosition: 'HFS',
    },
    instanceNumber: slice + 1,
    plane: source.images[slice]!.plane,
    rows: ROWS,
    columns: COLUMNS,
    stored: Array.from({ length: ROWS * COLUMNS }, (_, i) => ((i * 131 + slice) % 4096) - (isCt ? 1024 : 0)),
    bitsStored: isCt ? 16 : 12,
    isSigned: isCt,
    ...(isCt ? { rescale: { slope: 1, intercept: -1024 }, paddingValue: -2000 } : {}),
    acquisition: isCt
      ? { KVP: 120 }
      : {
          ScanningSequence: 'SE',
          SequenceVariant: 'NONE',
          ScanOptions: '',
          MRAcquisitionType: '2D',
          RepetitionTime: 500,
          EchoTime: 12,
          EchoTrainLength: 1,
        },
  };
}

/** A ring with a hole and a corner-touching speck, in two of the slices; and a rectangle at the border, in one. */
export function structures(): MaskedStructure[] {
  const ring = mask((row, column) => (row - 3) ** 2 + (column - 5) ** 2 <= 9 && (row !== 3 || column !== 5));
  ring[6 * COLUMNS + 8] = 1;
  const edge = mask((row, column) => row < 2 && column > 7);
  const of = (label: string, masks: MaskedStructure['masks']): MaskedStructure => ({
    label,
    type: CODES.nodule,
    site: CODES.lung,
    trackingId: `track ${label}`,
    trackingUid: uidFromName(`track ${label}`),
    masks,
  });
  return [of('ring', [ring, ring.slice().reverse(), undefined]), of('edge', [undefined, edge, mask(() => false)])];
}

function mask(isInside: (row: number, column: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: ROWS * COLUMNS }, (_, i) =>
    isInside(Math.floor(i / COLUMNS), i % COLUMNS) ? 1 : 0,
  );
}
