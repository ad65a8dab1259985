import { createWriteStream, mkdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import { uidFromName, writeImage } from '@consilium/dicom';

const SIDE = 64;
const FILES_PER_FOLDER = 1000;
const AT_ONCE = 32;
const VENDORS = ['Aurelia Imaging', 'Borealis Medical', 'Corona Systems'];

/** A folder of small films, four a patient, no two with the same pixels, and its label table. Answers how long it took. */
export async function makeImages(folder: string, count: number): Promise<number> {
  const startedAt = performance.now();
  mkdirSync(folder);
  const labels = createWriteStream(path.join(folder, 'labels.csv'));
  labels.write('file,label\n');
  for (let from = 0; from < count; from += AT_ONCE) {
    const numbers = Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, i) => from + i);
    await Promise.all(
      numbers.map(async (i) => {
        const below = String(Math.floor(i / FILES_PER_FOLDER));
        if (i % FILES_PER_FOLDER === 0) mkdirSync(path.join(folder, below));
        const file = `${below}/film-${i}.dcm`;
        await writeFile(path.join(folder, file), film(i));
        labels.write(`${file},${i % 3 === 0 ? 'nodule' : 'clear'}\n`);
      }),
    );
  }
  labels.end();
  await finished(labels);
  return performance.now() - startedAt;
}

function film(i: number): Uint8Array {
  const stored = new Uint16Array(SIDE * SIDE);
  for (let k = 0; k < stored.length; k++) stored[k] = (k * 7 + (i % 997)) & 0xfff;
  // The number itself, in the first two pixels: no two films are the same.
  stored[0] = i & 0xfff;
  stored[1] = (i >>> 12) & 0xfff;
  const patient = Math.floor(i / 4);
  return writeImage({
    header: {
      sopInstanceUid: uidFromName(`instance ${i}`),
      studyInstanceUid: uidFromName(`study ${patient}`),
      seriesInstanceUid: uidFromName(`series ${patient}`),
      patientId: `P-${patient}`,
      patientSex: patient % 2 ? 'F' : 'M',
      patientAge: `0${20 + (patient % 70)}Y`,
      studyDate: `20${10 + (patient % 15)}0102`,
      manufacturer: VENDORS[patient % VENDORS.length]!,
      modality: 'CR',
      bodyPartExamined: 'CHEST',
    },
    rows: SIDE,
    columns: SIDE,
    stored,
    bitsStored: 12,
  });
}
