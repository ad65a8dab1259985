import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { uidFromName } from '@consilium/dicom';
import { decode } from 'fast-png';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DatasetStore } from '../datasets/dataset-store.js';
import { readPseudonymKey, siteFolder } from '../platform/site-folder.js';
import { PseudonymMap } from '../pseudonyms/pseudonym-map.js';
import { openSiteState } from '../state/site-state.js';
import { printed } from '../testing/printed.fixture.js';
import { film, temporaryFolder, writeFilms } from '../testing/site.fixture.js';
import { bindDataset, unbindDataset } from './bind-dataset.js';
import { addDataset, listDatasets, removeDataset, showDataset } from './dataset.js';
import { excludePatients } from './exclude-patients.js';
import { exportReport } from './export-report.js';

let dir: string;
let films: string;
beforeEach(() => {
  dir = temporaryFolder();
  films = temporaryFolder();
  writeFilms(films, 40);
});
afterEach(() => {
  for (const folder of [dir, films]) rmSync(folder, { recursive: true });
});

const json = async <T>(act: () => Promise<void>) => JSON.parse(await printed(act)) as T;
const add = (name: string, more: object = {}) =>
  json<{ version: string; train: number; report: { usable: number; setAside: object }; contactSheet: string }>(() =>
    addDataset(name, { dir, json: true, ...('more' in more ? {} : { from: films }), ...more }),
  );
const addMore = (from: number, count: number) => {
  const rows: string[] = [];
  for (let i = from; i < from + count; i++) {
    writeFileSync(join(films, `film-${i}.dcm`), film(i).dicom);
    rows.push(`film-${i}.dcm,P-${i},${i % 2 ? 'nodule' : 'clear'},`);
  }
  const labels = join(films, 'labels.csv');
  writeFileSync(labels, `${readFileSync(labels, 'utf8')}${rows.join('\n')}\n`);
};

it('each add makes a version; the history stays, and old pixels go when nothing needs them', async () => {
  const first = await add('films');
  addMore(40, 20);
  const second = await add('films', { public: true });
  expect(second).toMatchObject({ changes: { kept: 40, added: 20, gone: 0, changed: 0 } });
  expect(second.version).not.toBe(first.version);
  await add('films');
  const [listed] = await json<{ versions: number; isPublic: boolean; version: string }[]>(() =>
    listDatasets({ dir, json: true }),
  );
  expect(listed).toMatchObject({ versions: 2, isPublic: true, version: second.version });
  const shown = await json<{ history: { number: number; madeBy: string }[]; examples: number }>(() =>
    showDataset('films', { dir, json: true }),
  );
  expect(shown.history).toMatchObject([{ number: 1, madeBy: 'add' }, { number: 2 }]);
  expect(shown.examples).toBe(60);
  await expect(showDataset('films', { dir, version: '1' })).rejects.toMatchObject({ code: 'DATASET_NOT_FOUND' });
  expect(await printed(() => showDataset('films', { dir, version: second.version.slice(0, 8) }))).toContain(
    '60 images',
  );
});

it('a version that a run under way needs is kept, and can be shown', async () => {
  const first = await add('films');
  const state = openSiteState(siteFolder(dir).state);
  const answer = { accepted: true, dataset: 'films', datasetVersion: first.version, exampleCount: 3 } as const;
  state.invitations.record({ runId: 'run-1', planDigest: 'd', plan: new Uint8Array(), sites: 1, answer });
  state.close();
  addMore(40, 5);
  await add('films');
  expect(await printed(() => showDataset('films', { dir, version: '1' }))).toContain('40 images');
});

it('leaves patients who objected out, now and later, and keeps nothing that names them', async () => {
  const first = await add('films');
  await add('other');
  const list = join(dir, 'objected.txt');
  writeFileSync(list, 'P-3\nP-11\n\nNOBODY-77\n');
  const excluded = await json(() => excludePatients('films', { dir, json: true, patients: list }));
  expect(excluded).toMatchObject({ patients: 3, found: 2, images: 2, left: [], alsoIn: ['other'] });
  const state = openSiteState(siteFolder(dir).state);
  expect(state.datasets.parts('films').size).toBe(38);
  expect(state.datasets.history('films').at(-1)).toMatchObject({ number: 2, madeBy: 'exclude' });
  state.close();
  for (const name of readdirSync(dir, { recursive: true, encoding: 'utf8' }))
    if (/sqlite/.test(name))
      for (const word of ['P-3', 'P-11', 'NOBODY-77'])
        expect(readFileSync(join(dir, name)).includes(word), `${word} in ${name}`).toBe(false);

  const again = await add('films');
  expect(again.report.setAside).toEqual({ 'patient-excluded': 2 });
  expect(again.version).toBe((excluded as { version: string }).version);
  expect(again.version).not.toBe(first.version);
  writeFileSync(list, 'sex,PatientID\nF,P-5\n');
  expect(await printed(() => excludePatients('films', { dir, patients: list }))).toContain(
    '1 of them in dataset films',
  );
  writeFileSync(list, '\n');
  await expect(excludePatients('films', { dir, patients: list })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
});

it('an excluded patient is found by the id in the file too, where the label table has another one', async () => {
  const labels = join(films, 'labels.csv');
  writeFileSync(labels, readFileSync(labels, 'utf8').replace('film-3.dcm,P-3,', 'film-3.dcm,STUDY-3,'));
  await add('films');
  const list = join(dir, 'objected.txt');
  writeFileSync(list, 'P-3');
  expect(await json(() => excludePatients('films', { dir, json: true, patients: list }))).toMatchObject({ images: 1 });
  expect((await add('films')).report.setAside).toEqual({ 'patient-excluded': 1 });
});

it('what stands behind each pseudonym of a dataset is in the sealed map, for the way back', async () => {
  const labels = join(films, 'labels.csv');
  writeFileSync(labels, readFileSync(labels, 'utf8').replace('film-3.dcm,P-3,', 'film-3.dcm,STUDY-3,'));
  const { version } = await add('films');
  const folder = siteFolder(dir);
  const { examples } = await new DatasetStore(folder.datasets).load(version);
  const map = PseudonymMap.open(folder.pseudonymMap, readPseudonymKey(folder));
  const originals = (of: 'patient' | 'study' | 'id') =>
    examples.map((example) => map.find(example[of])?.original).sort();
  const uids = (kind: string) => Array.from({ length: 40 }, (_, i) => uidFromName(`${kind} ${i} 16`)).sort();
  expect(originals('id')).toEqual(uids('instance'));
  expect(originals('study')).toEqual(uids('study'));
  const patients = Array.from({ length: 40 }, (_, i) => (i === 3 ? 'STUDY-3' : `P-${i}`));
  expect(originals('patient')).toEqual(patients.sort());
  const list = join(dir, 'objected.txt');
  writeFileSync(list, 'P-5');
  await printed(() => excludePatients('films', { dir, patients: list }));
  expect(originals('id')).toHaveLength(40);
  for (const of of ['id', 'study', 'patient'] as const)
    expect(
      originals(of).filter((original) => original === undefined),
      of,
    ).toHaveLength(1);
  map.close();
});

it('refuses what would leave no test, and remembers the patients', async () => {
  await add('films');
  const list = join(dir, 'objected.txt');
  writeFileSync(list, Array.from({ length: 40 }, (_, i) => `P-${i}`).join('\n'));
  await expect(excludePatients('films', { dir, patients: list })).rejects.toMatchObject({
    code: 'DATASET_SPLIT_EMPTY',
  });
  const after = openSiteState(siteFolder(dir).state);
  expect(after.excluded.all().size).toBe(40);
  after.close();
});

it('binds what plans call a dataset, and forgets the binding with the dataset', async () => {
  await add('films');
  await printed(() => bindDataset('chest-study', 'films', { dir }));
  await expect(bindDataset('chest-study', 'nothing', { dir })).rejects.toMatchObject({ code: 'DATASET_NOT_FOUND' });
  await expect(bindDataset('Chest Study', 'films', { dir })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  expect(await printed(() => listDatasets({ dir }))).toContain('films, chest-study');
  await printed(() => unbindDataset('chest-study', { dir }));
  await expect(unbindDataset('chest-study', { dir })).rejects.toMatchObject({ code: 'DATASET_NOT_FOUND' });
  await printed(() => bindDataset('chest-study', 'films', { dir }));
  await printed(() => removeDataset('films', { dir }));
  expect(await printed(() => listDatasets({ dir }))).toContain('no datasets');
  const state = openSiteState(siteFolder(dir).state);
  expect(state.bindings.list()).toEqual([]);
  state.close();
  expect(readdirSync(join(dir, 'journals'))).toEqual([]);
  expect(readdirSync(join(dir, 'reports'))).toEqual([]);
  const left = readdirSync(join(dir, 'datasets'), { recursive: true, encoding: 'utf8' });
  expect(left.filter((name) => /[0-9a-f]{64}/.test(name))).toEqual([]);
});

it('a dry run counts by the headers and writes nothing', async () => {
  writeFileSync(join(films, 'notes.txt'), 'these are my notes');
  writeFileSync(join(films, 'unlabelled.dcm'), film(77).dicom);
  const run = await json(() => addDataset('films', { dir, from: films, json: true, dryRun: true }));
  expect(run).toEqual({
    dryRun: true,
    filesIn: 83,
    pictures: 41,
    studies: 41,
    series: 41,
    instances: 41,
    modalities: { CR: 41 },
    setAside: { 'no-label': 1 },
    notImages: { 'label-table': 1, mask: 40 },
    headersRefused: { DICOM_NOT_DICOM: 1 },
    labelRows: 40,
    labelRowsMatched: 40,
  });
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  expect(files).toEqual([]);
});

it('exports a report that names no file, and hides small counts unless told', async () => {
  const { contactSheet } = await add('films');
  const { width, height } = decode(readFileSync(contactSheet));
  expect([width, height]).toEqual([8 * 132, 5 * 132]);
  const out = (name: string) => join(dir, name);
  for (const name of ['r.html', 'r.md', 'r.json']) await printed(() => exportReport('films', { dir, out: out(name) }));
  await printed(() => exportReport('films', { dir, out: out('exact.md'), exact: true }));
  await expect(exportReport('films', { dir, out: out('r.pdf') })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  await expect(exportReport('films', { dir, out: out('no/r.md') })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  for (const name of ['r.html', 'r.md', 'r.json']) {
    const text = readFileSync(out(name), 'utf8');
    expect(text).not.toContain('film-');
    expect(text).not.toContain('P-1');
  }
  const report = JSON.parse(readFileSync(out('r.json'), 'utf8')) as { tables: { title: string; rows: string[][] }[] };
  expect(report).toMatchObject({ ingest: { filesIn: 81, filesCounted: 81, usable: 40, studies: 40 }, isExact: false });
  const ages = report.tables.find(({ title }) => title === 'examples by age')!.rows;
  expect(ages.flat()).toContain('*');
  expect(readFileSync(out('exact.md'), 'utf8')).not.toContain('*');
  const page = readFileSync(out('r.html'), 'utf8');
  expect(page).toContain(`default-src 'none'`);
  expect(page).toContain('data:image/png;base64,');
  expect(page).not.toContain('<script');
});

it('asks for one source', async () => {
  await expect(addDataset('films', { dir })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  await expect(addDataset('films', { dir, from: films, more: films })).rejects.toMatchObject({
    code: 'REQUEST_INVALID',
  });
  await expect(addDataset('films', { dir, more: films })).rejects.toMatchObject({ code: 'DATASET_NOT_FOUND' });
  expect(existsSync(join(dir, 'journals', 'films.sqlite'))).toBe(false);
});
