import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CT_IMAGE_STORAGE, type DataSet, sliceDataSet, uidFromName, writeDataSet } from '@consilium/dicom';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { printed } from '../testing/printed.fixture.js';
import { temporaryFolder } from '../testing/site.fixture.js';
import { addDataset } from './dataset.js';

let dir: string;
let slices: string;
beforeEach(() => {
  dir = temporaryFolder();
  slices = temporaryFolder();
  for (let patient = 0; patient < 6; patient++)
    for (let slice = 0; slice < 4; slice++) writeSliceFile(patient, slice, {});
  const labels = Array.from({ length: 6 }, (_, patient) => `P-${patient},${patient % 2 ? 'ill' : 'well'}`);
  writeFileSync(join(slices, 'labels.csv'), ['patient_id,label', ...labels, ''].join('\n'));
});
afterEach(() => {
  for (const folder of [dir, slices]) rmSync(folder, { recursive: true });
});

function writeSliceFile(patient: number, slice: number, more: DataSet): void {
  const dataSet = sliceDataSet({
    sopClassUid: CT_IMAGE_STORAGE,
    sopInstanceUid: uidFromName(`slice ${patient} ${slice}`),
    study: {
      patientId: `P-${patient}`,
      patientName: `Phantom^${patient}`,
      patientSex: patient % 2 ? 'F' : 'M',
      patientAge: '047Y',
      studyInstanceUid: uidFromName(`study ${patient}`),
      studyDate: '20240305',
      studyTime: '101500',
    },
    equipment: {
      manufacturer: 'ACME',
      model: '7',
      deviceSerialNumber: '1',
      softwareVersions: '1',
      institutionName: 'A',
    },
    series: {
      seriesInstanceUid: uidFromName(`series ${patient}`),
      seriesNumber: 1,
      frameOfReferenceUid: uidFromName(`frame ${patient}`),
      bodyPartExamined: 'CHEST',
      patientPosition: 'HFS',
    },
    instanceNumber: slice + 1,
    plane: {
      positionMm: [0, 0, 5 * slice],
      orientation: [1, 0, 0, 0, 1, 0],
      spacingMm: { row: 1, column: 1 },
      thicknessMm: 5,
    },
    rows: 16,
    columns: 16,
    stored: Array.from({ length: 256 }, (_, i) => (i * (slice + 3) * 17 + patient * 29) % 1000),
    bitsStored: 12,
    isSigned: false,
    acquisition: {},
  });
  writeFileSync(join(slices, `${patient}-${slice}.dcm`), writeDataSet({ ...dataSet, ...more }));
}

const add = (more: object = {}) => printed(() => addDataset('slices', { dir, from: slices, quiet: true, ...more }));

it('a slice that may show text takes its series with it, and comes back with it once a person has looked', async () => {
  writeSliceFile(2, 1, { ConversionType: 'DI' });
  const first = await add();
  expect(first).toContain('25 files in, 25 counted: 20 usable images');
  expect(first).toMatch(/1 {2}set aside: may show text that names its patient \(burned-in\)/);
  expect(first).toMatch(/3 {2}set aside: a slice of its series may show text .* \(series-with-text\)/);
  for (const slice of [0, 2, 3]) expect(first).toMatch(new RegExp(`series-with-text +2-${slice}\\.dcm`));
  expect(first).toContain('5 series of slices: nothing wrong with any');
  // What was read before says so again.
  expect(await add()).toMatch(/3 {2}set aside: a slice of its series/);
  const looked = join(dir, 'looked-at.txt');
  writeFileSync(looked, '2-1.dcm\n');
  const all = await add({ lookedAt: looked });
  expect(all).toContain('24 usable images');
  expect(all).not.toContain('series-with-text');
});

it('one that declares its text does so too; films of one study without a place in space are each looked at alone', async () => {
  writeSliceFile(4, 0, { BurnedInAnnotation: 'YES' });
  const noPlace = { ImagePositionPatient: undefined, ImageOrientationPatient: undefined };
  for (let slice = 0; slice < 4; slice++)
    writeSliceFile(5, slice, slice === 0 ? { ...noPlace, BurnedInAnnotation: 'YES' } : noPlace);
  const shown = await add();
  expect(shown).toContain('19 usable images');
  expect(shown).toMatch(/2 {2}set aside: may show text/);
  expect(shown).toMatch(/3 {2}set aside: a slice of its series/);
});
