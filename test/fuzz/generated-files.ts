import {
  CODES,
  CT_IMAGE_STORAGE,
  type SourceSeries,
  uidFromName,
  writeImage,
  writeMeasurementReport,
  writeSegmentation,
  writeStructureSet,
} from '@consilium/dicom';
import { phantomVariants } from '@consilium/testkit';

const [ROWS, COLUMNS] = [24, 20];
const EQUIPMENT = { manufacturer: 'Vendor A', model: 'Model 7', deviceSerialNumber: 'S-17', softwareVersions: '1.0' };
const STUDY = {
  patientId: 'P-017',
  patientName: 'Phantom^P-017',
  patientSex: 'F',
  studyInstanceUid: uidFromName('fuzz study'),
  studyDate: '20240305',
  studyTime: '101500',
};

const SERIES: SourceSeries = {
  study: STUDY,
  modality: 'CT',
  seriesInstanceUid: uidFromName('fuzz series'),
  frameOfReferenceUid: uidFromName('fuzz frame of reference'),
  sopClassUid: CT_IMAGE_STORAGE,
  rows: ROWS,
  columns: COLUMNS,
  images: [0, 1, 2].map((slice) => ({
    sopInstanceUid: uidFromName(`fuzz slice ${slice}`),
    plane: {
      positionMm: [-50, -30, 5 * slice],
      orientation: [1, 0, 0, 0, 1, 0],
      spacingMm: { row: 0.75, column: 0.5 },
      thicknessMm: 5,
    },
  })),
};

const DERIVED = {
  source: SERIES,
  sopInstanceUid: uidFromName('fuzz derived'),
  seriesInstanceUid: uidFromName('fuzz derived series'),
  seriesNumber: 100,
  equipment: EQUIPMENT,
  contentLabel: 'TRUTH',
};

/** Small good files that are there on every machine: pictures in every transfer syntax, films, and label objects. */
export async function generatedFiles(): Promise<[name: string, bytes: Buffer][]> {
  const variants = await phantomVariants(32);
  const files: [string, Uint8Array][] = [
    ['film of 8 bits', film(8)],
    ['film of 12 bits', film(12)],
    ['segmentation', writeSegmentation({ ...DERIVED, segments: structures() })],
    ['structure set', writeStructureSet({ ...DERIVED, structures: structures() })],
    ['report', report()],
    ...variants.map(({ name, bytes }): [string, Uint8Array] => [name, bytes]),
  ];
  return files.map(([name, bytes]) => [name, Buffer.from(bytes)]);
}

function film(bitsStored: number): Uint8Array {
  return writeImage({
    header: {
      sopInstanceUid: uidFromName(`fuzz film ${bitsStored}`),
      studyInstanceUid: STUDY.studyInstanceUid,
      seriesInstanceUid: uidFromName('fuzz films'),
      patientId: STUDY.patientId,
      patientName: STUDY.patientName,
      patientSex: 'M',
      bodyPartExamined: 'CHEST',
      viewPosition: 'PA',
    },
    rows: ROWS,
    columns: COLUMNS,
    stored: Array.from({ length: ROWS * COLUMNS }, (_, i) => (i * 37) % 2 ** bitsStored),
    bitsStored,
    pixelSpacingMm: { row: 0.2, column: 0.2 },
    window: { center: 100, width: 200 },
    rescale: { slope: 2, intercept: -100 },
  });
}

function structures() {
  const disc = Uint8Array.from({ length: ROWS * COLUMNS }, (_, i) =>
    (Math.floor(i / COLUMNS) - 11) ** 2 + ((i % COLUMNS) - 9) ** 2 <= 36 ? 1 : 0,
  );
  const of = (label: string, masks: (Uint8Array | undefined)[]) => ({
    label,
    type: CODES.nodule,
    site: CODES.lung,
    trackingId: label,
    trackingUid: uidFromName(label),
    masks,
  });
  return [of('disc', [disc, disc, undefined]), of('other disc', [undefined, disc, disc])];
}

function report(): Uint8Array {
  const track = (name: string) => ({ trackingId: name, trackingUid: uidFromName(name) });
  const segment = { sopInstanceUid: DERIVED.sopInstanceUid, seriesInstanceUid: DERIVED.seriesInstanceUid, number: 1 };
  return writeMeasurementReport({
    ...DERIVED,
    procedure: CODES.ctOfChest,
    findings: [
      { ...track('a'), finding: CODES.nodule, site: CODES.lung, images: [0, 1], segment, volumeCm3: 1.25 },
      { ...track('b'), finding: CODES.noAbnormality, images: [2] },
    ],
  });
}
