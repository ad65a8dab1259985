import { mkdtempSync, readdirSync, readlinkSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SOURCE_FLAGS } from '@consilium/testkit';
import { type LearningTask, type TrainingBatch, trainingBatches } from '@consilium/training';
import { afterAll, expect, it } from 'vitest';
import { openTensorFile, type TensorFile } from '../preprocessing/tensor-file.js';
import { readAhead } from './read-ahead.js';

const folder = mkdtempSync(join(tmpdir(), 'read-ahead-'));
afterAll(() => rmSync(folder, { recursive: true }));

const SIDE = 8;
const plan: LearningTask = {
  task: { kind: 'classification', classes: ['a', 'b'], loss: { kind: 'cross-entropy', classWeights: 'none' } },
  preprocessing: { height: SIDE, width: SIDE },
  augmentation: { flip: 'horizontal', shiftPixels: 2, intensityJitter: 0.1 },
  model: { family: 'resnet', layers: 18, baseWidth: 4, normalisation: { kind: 'batch' } },
  training: {
    epochsPerRound: 3,
    batchSize: 4,
    optimizer: { kind: 'sgd', learningRate: 0.1 },
    learningRateDecay: 1,
    clipGradientNorm: 0,
  },
};
const seed = new Uint8Array(32).fill(7);

/** Nine noisy pictures with labels: the last batch of an epoch would hold one example, and joins the one before. */
function tensorFile(name: string): TensorFile {
  const [count, pixels] = [9, SIDE * SIDE];
  const images = Float32Array.from({ length: count * pixels }, (_, i) => Math.sin(i * 12.9898));
  const labels = Int32Array.from({ length: count }, (_, i) => i % 2);
  const path = join(folder, name);
  writeFileSync(path, Buffer.concat([Buffer.from(images.buffer), Buffer.from(labels.buffer), Buffer.alloc(32)]));
  return { path, count, pixels, has: 'label' };
}

async function collect(batches: AsyncIterable<TrainingBatch>): Promise<TrainingBatch[]> {
  const all: TrainingBatch[] = [];
  for await (const batch of batches) all.push(batch);
  return all;
}

it('gives the batches that reading between the steps gives, bit for bit', async () => {
  const examples = tensorFile('whole');
  const source = openTensorFile(examples);
  const expected = [...trainingBatches(plan, source, seed)];
  source.close();
  expect(expected.map(({ batch }) => batch.count)).toEqual([4, 5, 4, 5, 4, 5]);
  // Twice: the second time in the thread of the first.
  for (let i = 0; i < 2; i++)
    expect(await collect(readAhead({ plan, examples, seed }, SOURCE_FLAGS))).toEqual(expected);
});

it('a file that ends too early is a typed error after the batches before it', async () => {
  const examples = tensorFile('cut');
  truncateSync(examples.path, 5 * SIDE * SIDE * 4);
  await expect(collect(readAhead({ plan, examples, seed }, SOURCE_FLAGS))).rejects.toMatchObject({
    code: 'DATASET_CORRUPT',
  });
});

it('what ends the thread reaches the reader', async () => {
  const examples = { ...tensorFile('gone'), path: join(folder, 'nowhere') };
  await expect(collect(readAhead({ plan, examples, seed }, SOURCE_FLAGS))).rejects.toThrow('ENOENT');
});

/** How many descriptors of this process show a file. */
const openings = (path: string) =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path;
    } catch {
      return false; // the one that was read from
    }
  }).length;

it.skipIf(process.platform !== 'linux')('a reader who leaves ends the thread, and with it the open file', async () => {
  const examples = tensorFile('left');
  const reader = readAhead({ plan, examples, seed }, SOURCE_FLAGS);
  expect((await reader.next()).value?.epoch).toBe(1);
  expect(openings(examples.path)).toBe(1);
  await reader.return();
  expect(openings(examples.path)).toBe(0);
});
