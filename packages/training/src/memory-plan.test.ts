import { ConsiliumError } from '@consilium/errors';
import { expect, it } from 'vitest';
import { estimateOf } from './memory-estimate.js';
import { type MemoryBounds, planEvaluationMemory, planTrainingMemory } from './memory-plan.js';
import { classificationPlan, segmentationPlan } from './training.fixture.js';
import type { LearningTask } from './training.js';

const HEAP = { backEnd: 'wasm', memoryLimitBytes: 2 ** 32 } as const;

function unet(side: number, batchSize: number, changes: Partial<LearningTask['model']> = {}): LearningTask {
  const plan = segmentationPlan({ batchSize });
  const model = { family: 'unet', depth: 4, baseFilters: 16, normalisation: { kind: 'group', groups: 4 } } as const;
  return {
    ...plan,
    preprocessing: { height: side, width: side },
    model: { ...model, ...changes } as LearningTask['model'],
  };
}
const batchNormalised = { normalisation: { kind: 'batch' } } as const;

function refusal(plan: LearningTask, bounds: MemoryBounds): ConsiliumError {
  try {
    planTrainingMemory(plan, bounds);
  } catch (error) {
    if (error instanceof ConsiliumError) return error;
    throw error;
  }
  throw new Error('it fits');
}

it('a batch that fits stays whole', () => {
  expect(planTrainingMemory(unet(128, 8), HEAP)).toMatchObject({ examplesAtOnce: 8, recomputes: false });
  expect(planTrainingMemory(classificationPlan({ batchSize: 16 }), HEAP).examplesAtOnce).toBe(16);
});

it('a batch that does not fit is cut into parts of about one size, the largest that fit', () => {
  const plan = unet(512, 32);
  const { examplesAtOnce, recomputes, bytes } = planTrainingMemory(plan, HEAP);
  expect(recomputes).toBe(false);
  expect(bytes).toBeLessThanOrEqual(HEAP.memoryLimitBytes);
  const parts = Math.ceil(32 / examplesAtOnce);
  expect(parts).toBeGreaterThan(1);
  const estimate = estimateOf(plan, 'wasm');
  const oneFewer = Math.ceil(32 / (parts - 1));
  expect(estimate({ mode: 'train', examples: oneFewer, accumulates: true })).toBeGreaterThan(HEAP.memoryLimitBytes);
});

it('a single example that does not fit is computed with checkpoints', () => {
  const plan = unet(1024, 2, { baseFilters: 64 });
  const estimate = estimateOf(plan, 'wasm');
  expect(estimate({ mode: 'train', examples: 1 })).toBeGreaterThan(2 ** 32);
  const bounds = {
    backEnd: 'wasm',
    memoryLimitBytes: estimate({ mode: 'recompute', examples: 1, accumulates: true }),
  } as const;
  expect(planTrainingMemory(plan, bounds)).toMatchObject({ examplesAtOnce: 1, recomputes: true });
});

it('batch normalisation has no parts: checkpoints, or a refusal that names the batch that fits', () => {
  const plan = unet(256, 16, batchNormalised);
  const bytes = (mode: 'train' | 'recompute', examples: number) => estimateOf(plan, 'wasm')({ mode, examples });
  const between = { backEnd: 'wasm', memoryLimitBytes: bytes('recompute', 17) } as const;
  expect(bytes('train', 17)).toBeGreaterThan(between.memoryLimitBytes);
  expect(planTrainingMemory(plan, between)).toMatchObject({ examplesAtOnce: 17, recomputes: true });

  const less = { backEnd: 'wasm', memoryLimitBytes: bytes('recompute', 10) } as const;
  const { code, detail } = refusal(plan, less);
  expect(code).toBe('PLAN_TOO_LARGE');
  expect(detail).toMatchObject({ backEnd: 'wasm', batchSize: 16, image: '256x256', fits: 'training.batchSize 9' });
  expect(planTrainingMemory(unet(256, 9, batchNormalised), less).recomputes).toBe(true);
  expect(refusal(unet(256, 10, batchNormalised), less).code).toBe('PLAN_TOO_LARGE');
});

it('where no batch fits it names an image that does', () => {
  const bounds = { backEnd: 'wasm', memoryLimitBytes: 300e6 } as const;
  const { code, detail } = refusal(unet(1024, 2), bounds);
  expect(code).toBe('PLAN_TOO_LARGE');
  const [, side] = /^preprocessing of (\d+)x\1$/.exec(String(detail.fits))!;
  expect(Number(side) % 16).toBe(0);
  expect(planTrainingMemory(unet(Number(side), 2), bounds).recomputes).toBe(true);
  expect(refusal(unet(Number(side) + 16, 2), bounds).code).toBe('PLAN_TOO_LARGE');
  expect(refusal(unet(64, 2), { backEnd: 'wasm', memoryLimitBytes: 2e7 }).detail.fits).toContain('smaller model');
});

it('an evaluation takes as many at once as fit, at most a batch', () => {
  const plan = unet(1024, 64);
  const { examplesAtOnce } = planEvaluationMemory(plan, HEAP);
  expect(examplesAtOnce).toBeGreaterThan(planTrainingMemory(plan, HEAP).examplesAtOnce);
  expect(examplesAtOnce).toBeLessThan(64);
  expect(planEvaluationMemory(unet(128, 8), HEAP).examplesAtOnce).toBe(8);
  expect(() => planEvaluationMemory(plan, { ...HEAP, memoryLimitBytes: 1e8 })).toThrow(
    expect.objectContaining({ code: 'PLAN_TOO_LARGE' }),
  );
});
