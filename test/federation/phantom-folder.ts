import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readImage, uidFromName, writeImage } from '@consilium/dicom';
import { labelTable, PHANTOM_LABELS, parseCsv, siteProfile, writePhantomSite } from '@consilium/testkit';

export interface PhantomFolderOptions {
  readonly folder: string;
  readonly siteId: string;
  /** Which of the invented hospitals: vendor, protocol, patients. */
  readonly siteIndex: number;
  readonly examples: number;
  /** Adds one file or line of each defect that a hospital's folder may have. */
  readonly hasDefects?: boolean;
}

/** Begins every text in the files that must never leave `ingest`; file names hold another one. */
export const CANARY = 'ZZCANARY';
export const FILE_NAME_CANARY = 'zzfilename';
export const BIRTH_DATE_CANARY = '19370213';

const SEED = 'federation under test';
const FILM_PIXELS = 64;

/**
 * Writes films of a phantom as DICOM with masks and a label table: one folder that serves a segmentation and a classification.
 * Their headers say everything that a hospital's say, in words that can be searched for.
 */
export function writePhantomFolder(options: PhantomFolderOptions): void {
  const { folder, siteId, siteIndex, examples, hasDefects = false } = options;
  const profile = siteProfile(siteIndex);
  const protocol = { ...profile.protocol, rows: FILM_PIXELS, columns: FILM_PIXELS };
  const order = { directory: folder, siteId, task: 'segmentation', seed: SEED, examples, defects: hasDefects } as const;
  writePhantomSite({ ...order, profile: { ...profile, protocol } });
  const table = path.join(folder, 'labels.csv');
  const rows = parseCsv(readFileSync(table, 'utf8')).map((row, index) => {
    // Any class will do: these tests ask how a model is made, not how good it is.
    const label = PHANTOM_LABELS[index % PHANTOM_LABELS.length]!;
    const { file = '', mask = '' } = row;
    if (index >= examples) return { file, mask, patientId: '', label };
    const own = `dicom/${FILE_NAME_CANARY}-${siteId}-${index}.dcm`;
    renameSync(path.join(folder, file), path.join(folder, own));
    nameEverything(path.join(folder, own), siteId, index);
    return { file: own, mask, patientId: patientId(siteId, index), label };
  });
  writeFileSync(table, labelTable(rows));
}

/** Writes the file again with names, dates and numbers such as a real one has. */
function nameEverything(file: string, siteId: string, index: number): void {
  const { header, rows, columns, stored, bitsStored, photometric } = readImage(readFileSync(file));
  const named = {
    ...header,
    ...uids(siteId, index),
    patientId: patientId(siteId, index),
    patientName: `${CANARY}^NAME${index}`,
    patientBirthDate: BIRTH_DATE_CANARY,
    accessionNumber: `${CANARY}A${index}`,
    institutionName: `${CANARY} HOSPITAL ${siteId}`,
    referringPhysicianName: `${CANARY}^DOCTOR`,
    deviceSerialNumber: `${CANARY}-S${index}`,
  };
  writeFileSync(file, writeImage({ header: named, rows, columns, stored, bitsStored, photometric }));
}

export function patientId(siteId: string, index: number): string {
  return `${CANARY}-${siteId}-${index}`;
}

/** The identifiers of one film, which must not leave the site either. */
export function uids(siteId: string, index: number) {
  const uid = (kind: string) => uidFromName(`${SEED} ${siteId} ${index} ${kind}`);
  return { sopInstanceUid: uid('image'), studyInstanceUid: uid('study'), seriesInstanceUid: uid('series') };
}
