import { existsSync, readdirSync, readFileSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type Plan, planSchema } from '@consilium/plan';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DatasetStore } from '../datasets/dataset-store.js';
import { preparationStages } from '../datasets/prepare.js';
import { prepareDataset } from '../pipeline.js';
import { SMALL_PLAN } from '../testing/plan.fixture.js';
import { preparationTools } from '../testing/preparation.fixture.js';
import { temporaryFolder, writeFilms } from '../testing/site.fixture.js';
import { requireSuitable } from './eligible.js';
import { TensorCache } from './tensor-cache.js';
import { openTensorFile } from './tensor-file.js';

const films = temporaryFolder();
const root = temporaryFolder();
const cacheRoot = temporaryFolder();
const never = new AbortController().signal;
const store = new DatasetStore(root);
const classification: Plan = planSchema.parse({
  ...SMALL_PLAN,
  task: { kind: 'classification', classes: ['clear', 'nodule'] },
  model: { family: 'resnet', layers: 18, baseWidth: 4, normalisation: { kind: 'group', groups: 2 } },
});
let version: string;

beforeAll(async () => {
  writeFilms(films, 20);
  const request = { name: 'films', folder: films, labels: join(films, 'labels.csv'), classes: undefined };
  ({ version } = await prepareDataset(request, preparationStages(preparationTools(root, Buffer.alloc(32, 7))), never));
  rmSync(films, { recursive: true }); // no round reads DICOM
});
afterAll(() => {
  for (const folder of [root, cacheRoot]) rmSync(folder, { recursive: true });
});

it('holds pictures with masks for a segmentation, with class numbers for a classification', async () => {
  const cache = new TensorCache(cacheRoot, store);
  const masks = openTensorFile(await cache.open(version, SMALL_PLAN, 'train', never));
  expect(masks.count).toBe(12);
  const { image, mask } = masks.read(11);
  expect(image).toHaveLength(64);
  expect(new Set(mask)).toEqual(new Set([0, 1]));
  // The disc of the film is bright: under the mask the picture is brighter than beside it.
  const mean = (wanted: number) => {
    const own = image.filter((_, i) => mask![i] === wanted);
    return own.reduce((a, b) => a + b, 0) / own.length;
  };
  expect(mean(1)).toBeGreaterThan(mean(0) + 0.4);
  masks.close();

  const labels = openTensorFile(await cache.open(version, classification, 'train', never));
  const index = await store.load(version);
  const expected = index.examples
    .filter(({ part }) => part === 'train')
    .map(({ label }) => (label === 'clear' ? 0 : 1));
  expect([...Array(labels.count).keys()].map((i) => labels.read(i).label)).toEqual(expected);
  expect(labels.read(11).image).toEqual(image);
  labels.close();
});

it('another word of the preprocessing is another file', async () => {
  const cache = new TensorCache(cacheRoot, store);
  const { preprocessing } = SMALL_PLAN;
  const steps = [
    {},
    { contrast: { kind: 'equalise' } },
    { denoise: { kind: 'median', radius: 1 } },
    { crop: { kind: 'centre', height: 9, width: 9 } },
  ] as const;
  const bytes = await Promise.all(
    steps.map(async (step) => {
      const plan: Plan = { ...SMALL_PLAN, preprocessing: { ...preprocessing, ...step } };
      return readFileSync((await cache.open(version, plan, 'test', never)).path).toString('base64');
    }),
  );
  expect(new Set(bytes).size).toBe(steps.length);
});

it('a later life reads the file as it is, and makes it again when a bit has changed', async () => {
  const { path } = await new TensorCache(cacheRoot, store).open(version, SMALL_PLAN, 'test', never);
  const whole = readFileSync(path);
  const changed = Buffer.from(whole);
  changed[100]! ^= 1;
  writeFileSync(path, changed);
  await new TensorCache(cacheRoot, store).open(version, SMALL_PLAN, 'test', never);
  expect(readFileSync(path).equals(whole)).toBe(true);
});

it('a changed pixel on disk is found before anything is trained on it', async () => {
  const { examples } = await store.load(version);
  const { digest } = examples.find(({ part }) => part === 'validation')!.image;
  const path = join(root, 'blobs', digest.slice(0, 2), digest);
  const bytes = readFileSync(path);
  writeFileSync(path, Buffer.from(bytes).fill(9, 0, 1));
  await expect(new TensorCache(cacheRoot, store).open(version, SMALL_PLAN, 'validation', never)).rejects.toMatchObject({
    code: 'DATASET_CORRUPT',
  });
  writeFileSync(path, bytes);
});

it('forgets the tensors of a dataset that nobody needs', async () => {
  const cache = new TensorCache(cacheRoot, store);
  await cache.prune(new Set([version]));
  expect(readdirSync(cacheRoot)).toEqual([version]);
  await cache.prune(new Set());
  expect(readdirSync(cacheRoot)).toEqual([]);
});

/** The same pictures for a plan of its own, each with a file of its own. */
const planOf = (sigmaPixels: number): Plan => ({
  ...SMALL_PLAN,
  preprocessing: { ...SMALL_PLAN.preprocessing, denoise: { kind: 'gaussian', sigmaPixels } },
});
const cached = () => readdirSync(cacheRoot).flatMap((name) => readdirSync(join(cacheRoot, name)));

it('runs that never end stay below the limit: what was used longest ago makes room, and never what is in use', async () => {
  const { path } = await new TensorCache(cacheRoot, store).open(version, planOf(1), 'train', never);
  const { size } = statSync(path);
  const cache = new TensorCache(cacheRoot, store, { maximumBytes: 3 * size, freeBytes: 0 });
  const files = [path];
  for (let run = 2; run <= 20; run++) {
    files.push((await cache.open(version, planOf(run / 4), 'train', never)).path);
    expect(cached().length).toBeLessThanOrEqual(3);
    expect(existsSync(files.at(-1)!)).toBe(true);
    await setTimeout(5); // the file system's clock is coarse
  }
  expect(new Set(cached())).toEqual(new Set(files.slice(-3).map((file) => basename(file))));
  // Used again, it is no longer the oldest.
  await cache.open(version, planOf(18 / 4), 'train', never);
  await setTimeout(5);
  await cache.open(version, planOf(9.5), 'train', never);
  expect(existsSync(files[17]!)).toBe(true);
  expect(existsSync(files[18]!)).toBe(false);
  const tiny = new TensorCache(cacheRoot, store, { maximumBytes: 1, freeBytes: 0 });
  expect(existsSync((await tiny.open(version, planOf(1), 'train', never)).path)).toBe(true);
  expect(cached()).toHaveLength(1);
});

it('leaves so much of the disk free, and says what it would need', async () => {
  const free = statfsSync(cacheRoot);
  const freeBytes = free.bavail * free.bsize;
  const cache = new TensorCache(cacheRoot, store, { maximumBytes: 2 ** 40, freeBytes: freeBytes + 2 ** 30 });
  await expect(cache.open(version, planOf(1.5), 'train', never)).rejects.toMatchObject({
    code: 'DISK_FULL',
    detail: { problem: expect.stringContaining('"tensorCache" in site.json') },
  });
  expect(cached()).toEqual([]);
});

it('a version that does not exist any more serves no round, though its tensors are there', async () => {
  const cache = new TensorCache(cacheRoot, store);
  await cache.open(version, SMALL_PLAN, 'train', never);
  const index = join(root, `${version}.json`);
  const bytes = readFileSync(index);
  rmSync(index);
  await expect(cache.open(version, SMALL_PLAN, 'train', never)).rejects.toMatchObject({ code: 'DATASET_NOT_FOUND' });
  writeFileSync(index, bytes);
});

it('says why a dataset does not serve a plan', async () => {
  const index = await store.load(version);
  expect(requireSuitable(index, SMALL_PLAN)).toBe(12);
  const problemOf = (plan: Plan, examples = index.examples) => {
    try {
      requireSuitable({ ...index, examples }, plan);
    } catch (error) {
      return (error as { detail: { problem: string } }).detail.problem;
    }
    return undefined;
  };
  const others = { ...classification, task: { ...classification.task, classes: ['clear', 'mass'] } } as Plan;
  expect(problemOf(others)).toBe('labels that are no class of the plan');
  expect(problemOf({ ...SMALL_PLAN, data: { ...SMALL_PLAN.data, modality: 'CT' } })).toBe('modality');
  const spaced = planSchema.parse({
    ...SMALL_PLAN,
    preprocessing: { ...SMALL_PLAN.preprocessing, spacingMm: { row: 0.2, column: 0.2 } },
  });
  const withSpacing = (row: number) => index.examples.map((e) => ({ ...e, spacingMm: { row, column: 0.2 } }));
  expect(problemOf(spaced, withSpacing(0.1))).toBeUndefined();
  const [first, ...rest] = withSpacing(0.1);
  expect(problemOf(spaced, [{ ...first!, spacingMm: null }, ...rest])).toBe('pictures without pixel spacing');
  expect(problemOf(spaced, withSpacing(1e6))).toBe('a pixel spacing that makes a picture too large');
  const withoutMasks = index.examples.map((e) => (e.part === 'test' ? { ...e, mask: null } : e));
  expect(problemOf(SMALL_PLAN, withoutMasks)).toBe('no masks in the part test');
  expect(problemOf(classification, withoutMasks)).toBeUndefined();
});
