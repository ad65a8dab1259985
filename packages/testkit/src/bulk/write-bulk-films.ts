import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { CR_IMAGE_STORAGE, type DataSet, packStored, uidFromName, writeDataSet } from '@consilium/dicom';
import { labelTable } from '../label-table.js';
import { SeededRandom } from '../seeded-random.js';

export interface BulkOrder {
  /** Made if absent. */
  readonly directory: string;
  readonly seed: string | number;
  readonly count: number;
  readonly onProgress?: (done: number, of: number) => void;
}

const SIDE = 64;
const FILMS_PER_PATIENT = 4;
const FILMS_PER_FOLDER = 1000;
const BITS_STORED = 12;
const LABELS = ['plain', 'disc'] as const;

/**
 * Writes a great many small films (CR, 64 x 64, 12 bits: grain, and a disc in every second one) with `labels.csv`, for trying how
 * memory and time grow. Nothing is kept: memory does not depend on `count`. Same order, same bytes.
 */
export function writeBulkFilms({ directory, seed, count, onProgress }: BulkOrder): { labelTable: string } {
  mkdirSync(directory, { recursive: true });
  const table = join(directory, 'labels.csv');
  const labels = openSync(table, 'w');
  const grain = makeGrain(seed);
  try {
    for (let first = 0; first < count; first += FILMS_PER_FOLDER) {
      const folder = `dicom/${String(first / FILMS_PER_FOLDER).padStart(4, '0')}`;
      mkdirSync(join(directory, folder), { recursive: true });
      const last = Math.min(count, first + FILMS_PER_FOLDER);
      const rows = Array.from({ length: last - first }, (_, k) => {
        const number = first + k;
        const file = `${folder}/${String(number).padStart(6, '0')}.dcm`;
        writeFileSync(join(directory, file), film(seed, number, grain));
        return { file, patientId: patientOf(number), label: LABELS[number % 2]!, mask: '' };
      });
      const text = labelTable(rows);
      writeSync(labels, first === 0 ? text : text.slice(text.indexOf('\n') + 1));
      onProgress?.(last, count);
    }
  } finally {
    closeSync(labels);
  }
  return { labelTable: table };
}

function patientOf(number: number): string {
  return `bulk-${Math.floor(number / FILMS_PER_PATIENT)}`;
}

/** One field of grain, four times as wide as a film: each film shows another part of it. */
function makeGrain(seed: string | number): Uint16Array {
  const random = new SeededRandom('bulk grain', seed);
  return Uint16Array.from({ length: 16 * SIDE * SIDE }, () => 1200 + Math.round(random.uniform(0, 800)));
}

function film(seed: string | number, number: number, grain: Uint16Array): Uint8Array {
  const random = new SeededRandom('bulk film', seed, number);
  const [top, left] = [random.integer(0, 3 * SIDE - 1), random.integer(0, 3 * SIDE - 1)];
  const [row0, column0, radius] = [random.uniform(16, 48), random.uniform(16, 48), random.uniform(5, 12)];
  const gain = number % 2 === 1 ? random.uniform(300, 900) : 0;
  const stored = new Uint16Array(SIDE * SIDE);
  for (let row = 0; row < SIDE; row++) {
    for (let column = 0; column < SIDE; column++) {
      const isInside = (row - row0) ** 2 + (column - column0) ** 2 < radius * radius;
      stored[row * SIDE + column] = grain[(top + row) * 4 * SIDE + left + column]! + (isInside ? Math.round(gain) : 0);
    }
  }
  // The number itself, in grain's own range: no two films have the same pixels.
  stored[0] = 1200 + (number % 800);
  stored[1] = 1200 + (Math.floor(number / 800) % 800);
  return writeDataSet(filmDataSet(seed, number, stored));
}

function filmDataSet(seed: string | number, number: number, stored: Uint16Array): DataSet {
  const uid = (kind: string) => uidFromName(`bulk ${seed} ${kind}`);
  return {
    SOPClassUID: CR_IMAGE_STORAGE,
    SOPInstanceUID: uid(`image ${number}`),
    StudyInstanceUID: uid(`study ${number}`),
    SeriesInstanceUID: uid(`series ${number}`),
    Modality: 'CR',
    PatientID: patientOf(number),
    PatientName: `Bulk^${patientOf(number)}`,
    PatientBirthDate: '',
    PatientSex: Math.floor(number / FILMS_PER_PATIENT) % 2 === 0 ? 'F' : 'M',
    PatientAge: `${String(20 + (Math.floor(number / FILMS_PER_PATIENT) % 70)).padStart(3, '0')}Y`,
    StudyDate: '20240115',
    StudyTime: '080000',
    StudyID: '1',
    AccessionNumber: '',
    ReferringPhysicianName: '',
    Manufacturer: 'Bulk',
    BodyPartExamined: 'CHEST',
    ViewPosition: 'PA',
    PatientOrientation: ['L', 'F'],
    ImageType: ['ORIGINAL', 'PRIMARY'],
    SeriesNumber: 1,
    InstanceNumber: 1,
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    Rows: SIDE,
    Columns: SIDE,
    BitsAllocated: 16,
    BitsStored: BITS_STORED,
    HighBit: BITS_STORED - 1,
    PixelRepresentation: 0,
    PixelData: packStored({ rows: SIDE, columns: SIDE, stored, bitsStored: BITS_STORED, isSigned: false }),
  };
}
