import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CT_SITE_PROFILES, writeCtPhantomSite } from '@consilium/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { prepareDataset } from '../pipeline.js';
import { preparationTools } from '../testing/preparation.fixture.js';
import { temporaryFolder } from '../testing/site.fixture.js';
import type { IndexExample } from './dataset-index.js';
import { DatasetStore } from './dataset-store.js';
import type { DatasetRequest } from './image.js';
import { IngestJournal } from './ingest-journal.js';
import { preparationStages } from './prepare.js';
import { loadMask } from './stored-pixels.js';

/** The meaning of the code that all of the phantom's nodules share. */
const STRUCTURE = 'Nodule';
const folder = temporaryFolder();
const never = new AbortController().signal;
let root: string;
let journal: IngestJournal;
let slices: number;

beforeAll(() => {
  const order = {
    directory: folder,
    siteId: 'site-a',
    profile: CT_SITE_PROFILES[0]!,
    seed: 5,
    patients: 6,
    matrix: 48,
  };
  ({ slices } = writeCtPhantomSite({ ...order, hasAnnotations: true }));
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  root = temporaryFolder();
  journal = IngestJournal.open(':memory:', 'test');
});
afterEach(() => {
  journal.close();
  rmSync(root, { recursive: true });
});

async function prepare(more: Partial<DatasetRequest>) {
  const request = { name: 'ct', folder, labels: undefined, classes: undefined, ...more };
  const tools = preparationTools(root, Buffer.alloc(32, 3), {
    journal,
    shares: { train: 0.4, validation: 0.3, test: 0.3 },
  });
  const { version, report } = await prepareDataset(request, preparationStages(tools), never);
  return { report, examples: (await tools.store.load(version)).examples };
}
const fromTable = () => prepare({ labels: join(folder, 'labels.csv') });
const byId = (examples: readonly IndexExample[]) => new Map(examples.map((example) => [example.id, example]));

it('a segmentation gives each slice the mask that its picture in the table has', async () => {
  const truth = byId((await fromTable()).examples);
  const { report, examples } = await prepare({ labelsFrom: 'seg', structure: STRUCTURE });
  expect(report.filesCounted).toBe(report.filesIn);
  expect(report.notImages.annotation).toBeGreaterThan(10);
  expect(report.usable + (report.setAside['no-label'] ?? 0)).toBe(slices);
  const marked = examples.filter(({ id }) => truth.get(id)!.label === 'nodule');
  expect(marked.length).toBeGreaterThan(10);
  expect(examples.map(({ id, mask }) => [id, mask])).toEqual(examples.map(({ id }) => [id, truth.get(id)!.mask]));
  expect([...truth.values()].filter(({ label }) => label === 'nodule')).toHaveLength(marked.length);
}, 60_000);

it('contours give nearly the same masks, also for pictures that were read before', async () => {
  const truth = byId((await fromTable()).examples);
  const { report, examples } = await prepare({ labelsFrom: 'rtstruct', structure: STRUCTURE });
  expect(report.kept).toBeGreaterThan(0);
  const { blobs } = new DatasetStore(root);
  let [both, sum] = [0, 0];
  for (const example of examples) {
    const [mask, true_] = [await loadMask(example, blobs), await loadMask(truth.get(example.id)!, blobs)];
    for (const [i, value] of mask.entries()) {
      both += value & true_[i]!;
      sum += value + true_[i]!;
    }
  }
  expect(sum).toBeGreaterThan(60);
  expect((2 * both) / sum).toBeGreaterThan(0.95);
}, 60_000);

it('a report labels the pictures that it is about; what the table says goes before it', async () => {
  const truth = byId((await fromTable()).examples);
  const { examples, report } = await prepare({ labelsFrom: 'sr' });
  expect(report.usable + report.setAside['no-label']!).toBe(slices);
  const [inLesion, elsewhere] = ['nodule', 'clear'].map(
    (label) => new Set(examples.filter(({ id }) => truth.get(id)!.label === label).map((example) => example.label)),
  );
  expect(inLesion!.size).toBe(1);
  expect([...elsewhere!]).not.toContain([...inLesion!][0]);
  const table = join(root, 'labels.csv');
  const names = readdirSync(join(folder, 'dicom'), { recursive: true, encoding: 'utf8' });
  const file = names.find((name) => name.endsWith('.dcm'))!;
  writeFileSync(table, `file,label\ndicom/${file},of the table\n`);
  const mixed = await prepare({ labelsFrom: 'sr', labels: table });
  expect(mixed.examples.filter(({ label }) => label === 'of the table')).toHaveLength(1);
  expect(mixed.report.usable).toBeGreaterThanOrEqual(report.usable);
}, 60_000);

it('positions and spacing of the slices are in the index', async () => {
  const { examples } = await fromTable();
  for (const series of Map.groupBy(examples, (example) => example.series).values()) {
    const positions = series.map(({ positionMm }) => positionMm!).sort((a, b) => a - b);
    const steps = positions.slice(1).map((position, i) => position - positions[i]!);
    expect(Math.max(...steps) - Math.min(...steps)).toBeLessThan(0.01);
    expect(series[0]!.spacingMm!.row).toBeGreaterThan(0.1);
  }
}, 60_000);

it('a label object that is cut is set aside, and gives its pictures nothing', async () => {
  const names = readdirSync(join(folder, 'annotations'), { recursive: true, encoding: 'utf8' });
  const seg = names.find((name) => name.endsWith('seg.dcm'))!;
  const table = join(root, 'labels.csv');
  writeFileSync(table, readFileSync(join(folder, 'labels.csv'), 'utf8').replaceAll(/,masks[^\n]*/g, ','));
  const masks = (examples: readonly IndexExample[]) => examples.filter(({ mask }) => mask !== null).length;
  const whole = await prepare({ labelsFrom: 'seg', structure: STRUCTURE, labels: table });
  truncateSync(join(folder, 'annotations', seg), 2_000);
  const { report, examples } = await prepare({ labelsFrom: 'seg', structure: STRUCTURE, labels: table });
  const reason = expect.stringMatching(/truncated|contradictory/);
  expect(report.files).toContainEqual({ file: `annotations/${seg}`, reason });
  expect(report.filesCounted).toBe(report.filesIn);
  expect(examples).toHaveLength(slices);
  expect(masks(examples)).toBeGreaterThan(0);
  expect(masks(examples)).toBeLessThan(masks(whole.examples));
}, 60_000);
