import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { uidFromName } from '@consilium/dicom';
import { SITE_PROFILES, writePhantomSite } from '@consilium/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { prepareDataset } from '../pipeline.js';
import { preparationTools } from '../testing/preparation.fixture.js';
import { film, temporaryFolder, writeFilms } from '../testing/site.fixture.js';
import { DatasetStore } from './dataset-store.js';
import { reportText } from './ingest-report.js';
import { preparationStages } from './prepare.js';

let folder: string;
let root: string;
beforeEach(() => {
  folder = temporaryFolder();
  root = temporaryFolder();
});
afterEach(() => {
  for (const path of [folder, root]) rmSync(path, { recursive: true });
});

const key = Buffer.alloc(32, 9);
const prepare = (classes?: string[]) =>
  prepareDataset(
    { name: 'films', folder, labels: join(folder, 'labels.csv'), classes },
    preparationStages(preparationTools(root, key)),
    new AbortController().signal,
  );
const appendLabels = (...lines: string[]) => {
  const path = join(folder, 'labels.csv');
  writeFileSync(path, `${readFileSync(path, 'utf8')}${lines.join('\n')}\n`);
};

/** Every file below a folder, as bytes. */
function bytesBelow(path: string): Buffer[] {
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .map((name) => join(path, name))
    .filter((name) => statSync(name).isFile())
    .map((name) => readFileSync(name));
}

it('accounts for every file, with the reason of each that is not used', async () => {
  writeFilms(folder, 20);
  const write = (name: string, bytes: Uint8Array | string) => writeFileSync(join(folder, name), bytes);
  const other = film(50).dicom;
  write('notes.txt', 'these are my notes');
  write('cut.dcm', film(51).dicom.subarray(0, 500));
  write('copy.dcm', readFileSync(join(folder, 'film-4.dcm')));
  write('unlabelled.dcm', film(52).dicom);
  write('other-class.dcm', film(53).dicom);
  write('no-mask.dcm', film(54).dicom);
  write('small-mask.dcm', film(55).dicom);
  write('bad-mask.dcm', film(56).dicom);
  write('twice.dcm', film(57).dicom);
  write('outside.dcm', film(58).dicom);
  write('masks/small.png', film(1, { size: 8 }).mask);
  write('masks/bad.png', 'no picture');
  write('masks/nobodys.png', film(2).mask);
  mkdirSync(join(folder, 'disc'));
  write('disc/DICOMDIR', other);
  symlinkSync(join(folder, 'film-0.dcm'), join(folder, 'link.dcm'));
  appendLabels(
    'cut.dcm,P-51,clear,',
    'copy.dcm,P-90,clear,',
    'notes.txt,P-91,clear,',
    'other-class.dcm,P-53,mass,',
    'no-mask.dcm,P-54,clear,masks/gone.png',
    'small-mask.dcm,P-55,clear,masks/small.png',
    'bad-mask.dcm,P-56,clear,masks/bad.png',
    'twice.dcm,P-57,clear,',
    'twice.dcm,P-57,nodule,',
    'outside.dcm,P-58,clear,../../../../etc/hostname',
    'vanished.dcm,P-60,clear,',
  );
  const { report, summary } = await prepare(['clear', 'nodule']);
  expect(report.setAside).toEqual({
    'not-dicom': 1,
    truncated: 1,
    duplicate: 1,
    'no-label': 1,
    'unknown-class': 1,
    'mask-missing': 2,
    'mask-size': 1,
    'mask-unreadable': 1,
    'label-repeated': 1,
  });
  expect(report.notImages).toEqual({ 'label-table': 1, mask: 22, 'mask-without-image': 1, directory: 1, link: 1 });
  expect(report).toMatchObject({ usable: 20, labelRows: 31, labelsWithoutImage: 1 });
  expect(report.filesCounted).toBe(report.filesIn);
  expect(report.filesIn).toBe(20 + 10 + 26);
  expect(report.orphanLabels).toEqual([{ line: 32, names: 'vanished.dcm' }]);
  expect(report.files).toContainEqual({ file: 'cut.dcm', reason: 'truncated' });
  expect(reportText(report).join()).toContain('56 files in, 56 counted: 20 usable images');
  expect(summary.train + summary.validation + summary.test).toBe(20);
});

it('no patient is in two parts: of the keyed split, and of a table that says so', async () => {
  const lines = ['file,patient_id,label'];
  for (let i = 0; i < 60; i++) {
    writeFileSync(join(folder, `f${i}.dcm`), film(i).dicom);
    lines.push(`f${i}.dcm,P-${i % 20},${i % 20 < 10 ? 'a' : 'b'}`);
  }
  writeFileSync(join(folder, 'labels.csv'), lines.join('\n'));
  const { version, summary } = await prepare();
  expect(summary).toEqual({ train: 36, validation: 9, test: 15 });
  const index = await new DatasetStore(root).load(version);
  const partsOfPatients = Map.groupBy(index.examples, ({ patient }) => patient);
  expect(partsOfPatients.size).toBe(20);
  for (const own of partsOfPatients.values()) expect(new Set(own.map(({ part }) => part)).size).toBe(1);

  const parts = ['train', 'val', 'test'];
  const given = lines.map(
    (line, i) => `${line},${i === 0 ? 'split' : i - 1 < 3 ? parts[i - 1] : parts[((i - 1) % 20) % 3]}`,
  );
  given[21] = given[21]!.replace(/[^,]*$/, 'test'); // f20 belongs to the patient of f0, who is in train
  writeFileSync(join(folder, 'labels.csv'), given.join('\n'));
  const second = await prepare();
  expect(second.report.setAside).toEqual({ 'patient-in-two-parts': 3 });
  expect(second.report.usable).toBe(57);
});

it('the same folder and key give the same version, another key another one', async () => {
  writeFilms(folder, 12);
  const first = await prepare();
  expect((await prepare()).version).toBe(first.version);
  const other = preparationStages(preparationTools(root, Buffer.alloc(32, 1)));
  const request = { name: 'films', folder, labels: join(folder, 'labels.csv'), classes: undefined };
  expect((await prepareDataset(request, other, new AbortController().signal)).version).not.toBe(first.version);
});

it('a part without examples is refused, and so is a folder without any', async () => {
  writeFilms(folder, 3);
  await expect(prepare()).rejects.toMatchObject({ code: 'DATASET_SPLIT_EMPTY' });
  for (const name of readdirSync(folder)) if (name.endsWith('.dcm')) rmSync(join(folder, name));
  await expect(prepare()).rejects.toMatchObject({ code: 'DATASET_EMPTY' });
});

it('nothing that names a patient is in any byte of the dataset', async () => {
  const planted = {
    patientName: 'Quetzalcoatl^Zephyrine',
    patientId: 'MRN-77310042',
    patientBirthDate: '19510203',
    accessionNumber: 'ACC9918273',
    institutionName: 'St Elsewhere Hospital',
    referringPhysicianName: 'Hippocrates^Kos',
    deviceSerialNumber: 'SN-445566',
    manufacturer: 'ACME Zephyrine edition',
    sopInstanceUid: '1.2.826.0.1.99.1',
    studyInstanceUid: '1.2.826.0.1.99.2',
    seriesInstanceUid: '1.2.826.0.1.99.3',
  };
  writeFilms(folder, 12);
  writeFileSync(join(folder, 'canary.dcm'), film(70, { header: planted }).dicom);
  appendLabels('canary.dcm,TABLE-ID-5550123,clear,');
  const { version, summary } = await prepare();
  expect(summary.train + summary.validation + summary.test).toBe(13);
  const words = Object.values(planted).flatMap((value) => value.split('^'));
  const all = bytesBelow(root);
  expect(all.length).toBeGreaterThan(20);
  for (const word of [...words, 'TABLE-ID-5550123', 'canary.dcm', 'film-0', 'P-0"'])
    for (const bytes of all) expect(bytes.includes(word), `${word} in a stored file`).toBe(false);
  // The words would be found: the dataset does hold what was let through.
  expect(all.some((bytes) => bytes.includes('"manufacturer":"ACME"'))).toBe(true);
  expect(version).toMatch(/^[0-9a-f]{64}$/);
});

it('a stop ends the preparation', async () => {
  writeFilms(folder, 12);
  const stop = new AbortController();
  const request = { name: 'films', folder, labels: join(folder, 'labels.csv'), classes: undefined };
  stop.abort();
  await expect(
    prepareDataset(request, preparationStages(preparationTools(root, key)), stop.signal),
  ).rejects.toMatchObject({ code: 'STOPPED' });
});

it('a phantom hospital with one of each defect loses exactly those', async () => {
  const profile = SITE_PROFILES[0]!;
  const order = { directory: folder, siteId: 'site-a', profile, task: 'segmentation', seed: 3 } as const;
  const { films } = writePhantomSite({ ...order, examples: 12, defects: true });
  const { report } = await prepare();
  expect(report.usable).toBe(films);
  expect(report.setAside).toEqual({ 'not-dicom': 1, truncated: 1, 'no-label': 1, 'mask-size': 1 });
  expect(report.orphanLabels.map(({ names }) => names)).toEqual(['dicom/missing.dcm']);
  expect(report.filesCounted).toBe(report.filesIn);
});

it('a table may name films by their UID, series, study or patient, and a line of a patient serves all films of it', async () => {
  const lines = ['sop_instance_uid,series_instance_uid,study_instance_uid,patient_id,label'];
  for (let i = 0; i < 12; i++) {
    writeFileSync(join(folder, `f${i}.dcm`), film(i).dicom);
    const kinds = ['instance', 'series', 'study'] as const;
    const kind = kinds[Math.floor(i / 3)];
    const uid = (of: string) => (of === kind ? uidFromName(`${of} ${i} 16`) : '');
    lines.push(`${uid('instance')},${uid('series')},${uid('study')},${kind ? '' : `P-${i}`},${kind ?? 'patient'}`);
  }
  writeFileSync(join(folder, 'second.dcm'), film(40, { patient: 'P-10' }).dicom);
  lines.push('1.2.3.4,,,,a', ',,,P-99,b');
  writeFileSync(join(folder, 'labels.csv'), lines.join('\n'));
  const { report, version } = await prepare();
  expect(report).toMatchObject({ usable: 13, setAside: {}, labelsWithoutImage: 2 });
  expect(report.orphanLabels.map(({ names }) => names)).toEqual(['1.2.3.4', 'P-99']);
  const labels = (await new DatasetStore(root).load(version)).examples.map(({ label }) => label);
  expect(Object.groupBy(labels, (label) => label!)).toMatchObject({
    instance: { length: 3 },
    series: { length: 3 },
    study: { length: 3 },
    patient: { length: 4 },
  });
});

it('of several lines the most specific one says what a film is, and what it leaves open another one may', async () => {
  writeFilms(folder, 12);
  const uid = uidFromName('instance 3 16');
  const lines = ['file,sop_instance_uid,patient_id,label,mask', 'film-3.dcm,,,,masks/film-3.png'];
  for (let i = 0; i < 12; i++) lines.push(`,,P-${i},of patient,`);
  lines.push(`,${uid},,of object,`, `,${uid},,of object,`, ',,P-5,something else,');
  writeFileSync(join(folder, 'labels.csv'), lines.join('\n'));
  const { report, version } = await prepare();
  expect(report.files).toContainEqual({ file: 'film-5.dcm', reason: 'label-repeated' });
  expect(report.usable).toBe(11);
  const { examples } = await new DatasetStore(root).load(version);
  const special = examples.filter(({ label }) => label === 'of object');
  expect(special).toHaveLength(1);
  expect(special[0]!.mask).toMatch(/^[0-9a-f]{64}$/);
  expect(examples.filter(({ mask }) => mask !== null)).toHaveLength(1);
});
