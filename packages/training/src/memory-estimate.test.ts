import { startEngine } from '@consilium/engine';
import { buildModel, modelPorts } from '@consilium/models';
import { afterEach, expect, it } from 'vitest';
import { evaluateModel, openLearner, readBatch } from './index.js';
import { estimateOf, type StepLoad } from './memory-estimate.js';
import { classificationPlan, films, scoreEdgesOf, segmentationPlan } from './training.fixture.js';
import type { LearningTask } from './training.js';

let stop: (() => Promise<void>) | undefined;
afterEach(() => stop?.());

type Size = readonly [side: number, base: number, batchSize: number, depth: number];
const GROUP = { kind: 'group', groups: 4 } as const;

function unet([side, baseFilters, batchSize, depth]: Size): LearningTask {
  const model = { family: 'unet', depth, baseFilters, normalisation: GROUP } as const;
  return { ...segmentationPlan({ batchSize }), preprocessing: { height: side, width: side }, model };
}
function resnet([side, baseWidth, batchSize, layers]: Size): LearningTask {
  const model = { family: 'resnet', layers: layers as 18 | 34, baseWidth, normalisation: GROUP } as const;
  return { ...classificationPlan({ batchSize }), preprocessing: { height: side, width: side }, model };
}
const withBatchNorm = (plan: LearningTask): LearningTask => ({
  ...plan,
  model: { ...plan.model, normalisation: { kind: 'batch' } },
});

/** Two steps, or an evaluation, on a fresh heap, which only grows. */
async function heapAfter(plan: LearningTask, { mode, examples: examplesAtOnce }: StepLoad): Promise<number> {
  const engine = await startEngine({ backEnd: 'wasm', threads: 2 });
  stop = () => engine.stop();
  const model = buildModel(plan.model, modelPorts(plan));
  const values = model.initialise(new Uint8Array(8));
  const count = plan.training.batchSize;
  const examples = films(count, plan.preprocessing.height, plan.task.kind === 'segmentation' ? 'mask' : 'label');
  if (mode === 'infer') {
    await evaluateModel(engine, {
      plan,
      values,
      examples,
      scoreEdges: scoreEdgesOf(plan),
      signal: new AbortController().signal,
    });
    return engine.heapBytes();
  }
  const memory = { examplesAtOnce, recomputes: mode === 'recompute', bytes: 0 };
  const learner = openLearner(engine, plan, values, examples, memory);
  const batch = readBatch(
    plan,
    examples,
    Array.from({ length: count }, (_, i) => i),
  );
  for (let i = 0; i < 2; i++) await learner.step(batch, 1e-3);
  learner.dispose();
  return engine.heapBytes();
}

it.each<[string, LearningTask, StepLoad]>([
  ['U-Net, 128, base 16, 4 levels, batch 4', unet([128, 16, 4, 4]), { mode: 'train', examples: 4 }],
  ['the same with checkpoints', unet([128, 16, 4, 4]), { mode: 'recompute', examples: 4 }],
  ['the same, one at a time', unet([128, 16, 4, 4]), { mode: 'train', examples: 1, accumulates: true }],
  ['the same in an evaluation', unet([128, 16, 4, 4]), { mode: 'infer', examples: 4 }],
  ['U-Net, 256, base 8, 3 levels, batch 2', unet([256, 8, 2, 3]), { mode: 'train', examples: 2 }],
  ['U-Net, 64, base 32, batch 2: weights above all', unet([64, 32, 2, 3]), { mode: 'train', examples: 2 }],
  ['ResNet-18, 128, base 32, batch 8', resnet([128, 32, 8, 18]), { mode: 'train', examples: 8 }],
  ['the same with checkpoints', resnet([128, 32, 8, 18]), { mode: 'recompute', examples: 8 }],
  ['ResNet-34, 256, base 8, batch 4, batch', withBatchNorm(resnet([256, 8, 4, 34])), { mode: 'train', examples: 4 }],
])('the heap of wasm is 0.8 to 1.3 of the estimate: %s', async (_, plan, load) => {
  const ratio = (await heapAfter(plan, load)) / estimateOf(plan, 'wasm')(load);
  expect(ratio).toBeGreaterThan(0.8);
  expect(ratio).toBeLessThan(1.3);
});

it('checkpoints lower the peak of a U-Net', async () => {
  const plan = unet([128, 16, 8, 4]);
  const kept = await heapAfter(plan, { mode: 'train', examples: 8 });
  await stop!();
  const recomputed = await heapAfter(plan, { mode: 'recompute', examples: 8 });
  expect(recomputed / kept).toBeLessThan(0.9);
});
