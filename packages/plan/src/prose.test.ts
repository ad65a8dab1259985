import { expect, it } from 'vitest';
import { localTwin, type Plan, planProse, resolvePlan } from './index.js';

const segmentation = resolvePlan({
  name: 'lungs',
  purpose: 'Outline the lungs.\nOn films of adults.',
  intendedUse: 'Research only.',
  task: { kind: 'segmentation', structures: ['left-lung'] },
  data: { dataset: 'chest', modality: 'CR', minimumTrainingExamples: 21 },
  preprocessing: { height: 64, width: 96, intensity: { kind: 'window', centre: 1024, width: 2000 } },
  augmentation: { flip: 'horizontal', shiftPixels: 3, intensityJitter: 0.15 },
  model: { family: 'unet', depth: 3, baseFilters: 24, normalisation: { kind: 'group', groups: 6 } },
  training: { epochsPerRound: 2, batchSize: 5, optimizer: { kind: 'adamw', learningRate: 0.002, weightDecay: 0.03 } },
  rounds: { count: 13, quorum: 4, deadlineSeconds: 5400, answerSeconds: 172_800, maximumShare: 0.4 },
  protection: { clipToMedianNorm: 2.5, maximumDeltaNorm: 60 },
  strategy: { name: 'fedavg' },
  seed: 77,
});

const classification = resolvePlan({
  ...segmentation,
  task: { kind: 'classification', classes: ['normal', 'shadow', 'abnormal'] },
  model: { family: 'resnet', layers: 34, baseWidth: 40, normalisation: { kind: 'batch' } },
  training: { optimizer: { kind: 'momentum', learningRate: 0.04, momentum: 0.8 }, learningRateDecay: 0.95 },
});

const others = (
  [
    { intensity: { kind: 'percentile', low: 2, high: 98 }, optimizer: { kind: 'sgd', learningRate: 0.25 } },
    { intensity: { kind: 'z-score' }, optimizer: { kind: 'adam', learningRate: 0.003 } },
  ] as const
).map(({ intensity, optimizer }) =>
  resolvePlan({
    ...classification,
    preprocessing: { ...classification.preprocessing, intensity },
    training: { ...classification.training, optimizer },
  }),
);

/** Every step of the preprocessing in one of its kinds, and in another. */
const stepped = (
  [
    {
      fit: 'crop',
      intensity: { kind: 'window', centre: 60, width: 300 },
      denoise: { kind: 'median', radius: 2 },
      spacingMm: { row: 0.75, column: 1.5 },
      contrast: { kind: 'clahe', tiles: 6, clipLimit: 3.5 },
      crop: { kind: 'centre-mm', heightMm: 250, widthMm: 350 },
    },
    {
      intensity: { kind: 'min-max' },
      denoise: { kind: 'gaussian', sigmaPixels: 1.25 },
      contrast: { kind: 'equalise' },
      crop: { kind: 'centre', height: 400, width: 500 },
    },
    { intensity: { kind: 'z-score', over: 'foreground' }, crop: { kind: 'foreground', marginPixels: 5 } },
  ] as const
).map((steps) =>
  resolvePlan({
    ...classification,
    preprocessing: { height: 64, width: 96, ...steps },
  }),
);

const PLANS = [segmentation, classification, localTwin(classification), ...others, ...stepped];

/** Words that have one value in this vocabulary, or whose change makes it another kind of plan: their text is looked for. */
const FIXED: Readonly<Record<string, (plan: Plan) => string>> = {
  vocabularyVersion: () => '(vocabulary 2)',
  'task.kind': (plan) => `${plan.task.kind} of pictures`,
  'task.loss.kind': (plan) => plan.task.loss.kind,
  'model.family': (plan) => `(${plan.model.family})`,
  'model.normalisation.kind': (plan) => `${plan.model.normalisation.kind} normalisation`,
  'preprocessing.intensity.kind': ({ preprocessing: { intensity } }) => intensity.kind,
  'preprocessing.intensity.over': () => "of the picture's foreground (z-score)",
  'preprocessing.denoise.kind': ({ preprocessing: { denoise } }) => `denoise: ${denoise?.kind}`,
  'preprocessing.contrast.kind': ({ preprocessing: { contrast } }) => `contrast: ${contrast?.kind}`,
  'preprocessing.crop.kind': ({ preprocessing: { crop } }) => `crop: ${crop?.kind}`,
  'training.optimizer.kind': ({ training: { optimizer } }) => `The optimizer is ${optimizer.kind} `,
  'training.keepOptimizerState': () => "The optimizer's moments start anew in each round.",
};

const WORDS = [
  ['fedavg', 'local'],
  ['none', 'horizontal', 'both'],
  ['stretch', 'pad', 'crop'],
  ['CR', 'DX', 'CT', 'MR', 'MG', 'US', 'XA', 'RF', 'NM', 'PT', 'OP'],
  ['none', 'balanced'],
  ['deterministic', 'fast'],
];

function leaves(value: unknown, path: readonly string[] = []): { path: readonly string[]; value: unknown }[] {
  if (typeof value !== 'object' || value === null) return [{ path, value }];
  return Object.entries(value).flatMap(([key, part]) => leaves(part, [...path, key]));
}

/** Every other plan that differs in this one value, of those that are tried here. */
function variants(plan: Plan, path: readonly string[], value: unknown): Plan[] {
  const tried =
    typeof value === 'number'
      ? [value + 1, value - 1, value * 2, value / 2, (value + 1) / 2, value === 34 ? 18 : 34]
      : [...WORDS.filter((set) => set.includes(String(value))).flat(), `${value}x`];
  return tried
    .filter((other) => other !== value)
    .flatMap((other) => {
      const copy = structuredClone(plan) as unknown as Record<string, unknown>;
      const group = path.slice(0, -1).reduce((g, step) => g[step] as Record<string, unknown>, copy);
      group[path.at(-1) as string] = other;
      try {
        return [resolvePlan(copy)];
      } catch {
        return [];
      }
    });
}

const oneLine = (text: string) => text.replace(/\s+/g, ' ');

it.each(PLANS.map((plan, i) => [i, plan] as const))('every value of plan %i decides the text', (_i, plan) => {
  const prose = planProse(plan);
  for (const { path, value } of leaves(plan)) {
    const name = path.join('.');
    const fixed = FIXED[name];
    if (fixed !== undefined) {
      expect(oneLine(prose), name).toContain(fixed(plan));
      continue;
    }
    const changed = variants(plan, path, value);
    expect(changed.length, `variants of ${name}`).toBeGreaterThan(0);
    for (const variant of changed) expect(planProse(variant), name).not.toBe(prose);
  }
});

it('numbers are there with their units', () => {
  const prose = oneLine(planProse(segmentation));
  for (const part of [
    'at least 21 training examples',
    '64 rows by 96 columns',
    'centre 1024 and width 2000',
    'up to 3 pixels',
    'up to 0.15',
    'halves the picture 3 times, with 24 filters at full size and group normalisation with 6 groups',
    '2 passes over the training examples, in batches of 5',
    'learning rate 0.002, beta1 0.9, beta2 0.999, epsilon 1e-7 and weight decay 0.03',
    '13 rounds',
    '90 minutes after training began',
    'at least 4 sites',
    'waits 2 days',
    'weighs 40 % at most',
    'When 2 or fewer deliver, all weigh the same',
    'longer than 2.5 times the median',
    'L2 norm may be at most 60',
    'seed 77',
  ])
    expect(prose).toContain(part);
});

it('says that one hospital may decide alone where the quorum allows it', () => {
  const alone = { ...segmentation, rounds: { ...segmentation.rounds, quorum: 1 } };
  expect(oneLine(planProse(alone))).toContain('One that delivers alone decides its round alone (the quorum is 1).');
  expect(planProse(segmentation)).not.toContain('decides its round alone');
});

it('a back end that the plan demands is named, and only then', () => {
  const demanding = { ...segmentation, engine: { ...segmentation.engine, backEnd: 'tensorflow' as const } };
  expect(oneLine(planProse(demanding))).toContain('Only hospitals whose training engine tensorflow works take part.');
  expect(planProse(segmentation)).not.toContain('whose training engine');
});

it('the text is lines of at most 90 columns, and not longer than two screens', () => {
  for (const plan of PLANS) {
    const lines = planProse(plan).split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(90);
    expect(lines.length).toBeLessThan(80);
    expect(lines.every((line) => line === line.trimEnd())).toBe(true);
  }
});

it('a word longer than a line is broken, not cut', () => {
  const word = 'x'.repeat(300);
  const prose = planProse({ ...segmentation, purpose: `see ${word} there` });
  expect(prose.replace(/\s/g, '')).toContain(`see${word}there`);
  expect(Math.max(...prose.split('\n').map((line) => line.length))).toBeLessThanOrEqual(90);
});
