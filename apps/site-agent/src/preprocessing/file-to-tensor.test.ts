import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CT_IMAGE_STORAGE, uidFromName, writeSlice } from '@consilium/dicom';
import { type Plan, planSchema } from '@consilium/plan';
import { afterAll, expect, it } from 'vitest';
import { DatasetStore } from '../datasets/dataset-store.js';
import { PARTS } from '../datasets/image.js';
import { preparationStages } from '../datasets/prepare.js';
import { prepareDataset } from '../pipeline.js';
import { SMALL_PLAN } from '../testing/plan.fixture.js';
import { preparationTools } from '../testing/preparation.fixture.js';
import { temporaryFolder } from '../testing/site.fixture.js';
import { requireSuitable } from './eligible.js';
import { TensorCache } from './tensor-cache.js';
import { openTensorFile } from './tensor-file.js';

const folders = { files: temporaryFolder(), store: temporaryFolder(), cache: temporaryFolder() };
const never = new AbortController().signal;
afterAll(() => {
  for (const folder of Object.values(folders)) rmSync(folder, { recursive: true });
});

const RADIUS_MM = 8;

/** A disc of water, 8 mm in radius, in air: 40 mm wide, taken with pixels of a size. A corner tells patients apart. */
function slice(patient: number, pixelMm: number): Uint8Array {
  const side = 40 / pixelMm;
  const at = (i: number) => (i - (side - 1) / 2) * pixelMm;
  return writeSlice({
    sopClassUid: CT_IMAGE_STORAGE,
    sopInstanceUid: uidFromName(`instance ${patient}`),
    study: {
      patientId: `P${patient}`,
      patientName: `Phantom^P${patient}`,
      patientSex: 'F',
      patientAge: '050Y',
      studyInstanceUid: uidFromName(`study ${patient}`),
      studyDate: '20240101',
      studyTime: '101010',
    },
    equipment: {
      manufacturer: 'Vendor',
      model: 'Model',
      deviceSerialNumber: 'S1',
      softwareVersions: '1',
      institutionName: 'House',
    },
    series: {
      seriesInstanceUid: uidFromName(`series ${patient}`),
      seriesNumber: 1,
      frameOfReferenceUid: uidFromName(`frame of reference ${patient}`),
      bodyPartExamined: 'CHEST',
      patientPosition: 'HFS',
    },
    instanceNumber: 1,
    plane: {
      positionMm: [at(0), at(0), 5],
      orientation: [1, 0, 0, 0, 1, 0],
      spacingMm: { row: pixelMm, column: pixelMm },
      thicknessMm: 5,
    },
    rows: side,
    columns: side,
    stored: Array.from({ length: side * side }, (_, i) => {
      const outside = Math.hypot(at(i % side), at(Math.floor(i / side))) - RADIUS_MM;
      const share = Math.min(Math.max(0.5 - outside / pixelMm, 0), 1); // of water, where the edge runs through the pixel
      return i === 0 ? patient : Math.round(24 + 1000 * share);
    }),
    bitsStored: 12,
    isSigned: false,
    rescale: { slope: 1, intercept: -1024 },
    acquisition: { KVP: 120 },
  });
}

it('scanners with other pixels give the same picture of the same body, from the file to the tensor', async () => {
  const lines = ['file,patient_id,label,split'];
  for (let patient = 0; patient < 20; patient++) {
    writeFileSync(join(folders.files, `${patient}.dcm`), slice(patient, patient % 2 ? 0.5 : 1.25));
    lines.push(`${patient}.dcm,P${patient},${patient % 2 ? 'fine' : 'coarse'},${PARTS[Math.max(patient - 17, 0)]}`);
  }
  const labels = join(folders.files, 'labels.csv');
  writeFileSync(labels, `${lines.join('\n')}\n`);
  const store = new DatasetStore(folders.store);
  const stages = preparationStages(preparationTools(folders.store, Buffer.alloc(32, 7)));
  const { version } = await prepareDataset(
    { name: 'discs', folder: folders.files, labels, classes: undefined },
    stages,
    never,
  );
  const plan: Plan = planSchema.parse({
    ...SMALL_PLAN,
    task: { kind: 'classification', classes: ['coarse', 'fine'] },
    model: { family: 'resnet', layers: 18, baseWidth: 4, normalisation: { kind: 'group', groups: 2 } },
    data: { dataset: 'discs', modality: 'CT' },
    preprocessing: {
      height: 30,
      width: 30,
      intensity: { kind: 'window', preset: 'lung' },
      spacingMm: { row: 1, column: 1 },
      crop: { kind: 'centre-mm', heightMm: 30, widthMm: 30 },
    },
  });
  expect(requireSuitable(await store.load(version), plan)).toBe(18);
  const tensors = openTensorFile(await new TensorCache(folders.cache, store).open(version, plan, 'train', never));
  // The window begins at -1350 and is 1500 wide.
  const [air, water] = [350 / 1500, 1350 / 1500];
  const areas = [0, 1].map((label) => {
    const image = [...Array(tensors.count).keys()]
      .map((i) => tensors.read(i))
      .find((one) => one.label === label)!.image;
    expect(Math.max(...image)).toBeCloseTo(water, 6);
    expect(Math.min(...image)).toBeCloseTo(air, 6);
    return image.reduce((sum, value) => sum + (value - air) / (water - air), 0);
  });
  tensors.close();
  for (const area of areas) expect(Math.abs(area - Math.PI * RADIUS_MM ** 2)).toBeLessThan(2);
});
