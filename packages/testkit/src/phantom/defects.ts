import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readImage, uidFromName, writeImage } from '@consilium/dicom';
import { ConsiliumError } from '@consilium/errors';
import { decode, encode } from 'fast-png';
import type { LabelRow } from '../label-table.js';

/** Name of each defective file (without folder), and what is wrong with it. */
export const DEFECTS = {
  'not-dicom.dcm': 'a text file under a DICOM name',
  'truncated.dcm': 'a film that ends in the middle of its pixels',
  'unlabelled.dcm': 'a good film that the label table does not name',
  'missing.dcm': 'a row of the label table without a film',
  'other-size.dcm': 'a film whose mask has another size (segmentation only)',
} as const;

/**
 * Adds one of each defect to a phantom site, made from its first film, under patients of their own.
 *
 * @returns the rows that the label table gains.
 */
export function writeDefects(directory: string, rows: readonly LabelRow[]): LabelRow[] {
  const model = rows[0];
  if (model === undefined) throw new ConsiliumError('DATASET_EMPTY');
  const inFolder = (name: string) => join(directory, 'dicom', name);
  const row = (name: string): LabelRow => ({ ...model, file: `dicom/${name}`, patientId: `defect-${name}` });
  const bytes = readFileSync(join(directory, model.file));
  writeFileSync(inFolder('not-dicom.dcm'), 'This is a letter, not a film.\n'.repeat(20));
  writeFileSync(inFolder('truncated.dcm'), bytes.subarray(0, Math.floor(bytes.length * 0.6)));
  writeFileSync(inFolder('unlabelled.dcm'), renamed(bytes, 'unlabelled.dcm'));
  const gained = ['not-dicom.dcm', 'truncated.dcm', 'missing.dcm'].map(row);
  if (model.mask === '') return gained;
  writeFileSync(inFolder('other-size.dcm'), renamed(bytes, 'other-size.dcm'));
  writeFileSync(join(directory, 'masks', 'other-size.png'), withoutLastRow(readFileSync(join(directory, model.mask))));
  copyFileSync(join(directory, model.mask), join(directory, 'masks', 'missing.png'));
  return gained
    .map((gain) => ({ ...gain, mask: 'masks/missing.png' }))
    .concat({ ...row('other-size.dcm'), mask: 'masks/other-size.png' });
}

/** The same picture as another patient's film, so that nothing counts as a repeat of the first one. */
function renamed(bytes: Uint8Array, name: string): Uint8Array {
  const { header, rows, columns, stored, bitsStored, photometric } = readImage(bytes);
  const own = {
    ...header,
    patientId: `defect-${name}`,
    patientName: '',
    sopInstanceUid: uidFromName(`${header.sopInstanceUid} ${name}`),
    studyInstanceUid: uidFromName(`${header.studyInstanceUid} ${name}`),
  };
  return writeImage({ header: own, rows, columns, stored, bitsStored, photometric });
}

function withoutLastRow(png: Uint8Array): Uint8Array {
  const { width, height, data } = decode(png);
  return encode({ width, height: height - 1, data: data.slice(0, width * (height - 1)), channels: 1, depth: 8 });
}
