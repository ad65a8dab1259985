import { type Plan, resolvePlan } from '@consilium/plan';

export const DATASET = 'phantom';

export interface PlanChoices {
  readonly rounds: number;
  readonly quorum: number;
  readonly strategy?: 'fedavg' | 'local';
  readonly seed?: number;
  readonly deadlineSeconds?: number;
  readonly answerSeconds?: number;
  /** First level's channels; larger weights travel in more chunks. */
  readonly base?: number;
}

const SIDE_PIXELS = 32;

/** A U-Net that outlines findings: as small as it can be and still be one. */
export function segmentationPlan(choices: PlanChoices): Plan {
  return resolvePlan({
    ...common(choices),
    name: 'tiny-segmentation',
    task: { kind: 'segmentation', structures: ['finding'] },
    model: { family: 'unet', depth: 2, baseFilters: choices.base ?? 4, normalisation: { kind: 'group', groups: 4 } },
  });
}

/** A ResNet-18 of a few channels that tells hollow from solid findings. */
export function classificationPlan(choices: PlanChoices): Plan {
  return resolvePlan({
    ...common(choices),
    name: 'tiny-classification',
    task: { kind: 'classification', classes: ['solid', 'cavity'] },
    model: { family: 'resnet', layers: 18, baseWidth: choices.base ?? 4, normalisation: { kind: 'group', groups: 4 } },
  });
}

function common({
  rounds,
  quorum,
  strategy = 'fedavg',
  seed = 7,
  deadlineSeconds = 120,
  answerSeconds = 60,
}: PlanChoices) {
  return {
    purpose: 'To test the whole system on invented films.',
    intendedUse: 'None: the model is far too small and has never seen a patient.',
    data: { dataset: DATASET, modality: 'CR' },
    preprocessing: { height: SIDE_PIXELS, width: SIDE_PIXELS },
    augmentation: { flip: 'both', shiftPixels: 2, intensityJitter: 0.1 },
    training: { batchSize: 8, optimizer: { kind: 'adam', learningRate: 0.003 } },
    rounds: { count: rounds, quorum, deadlineSeconds, answerSeconds },
    strategy: { name: strategy },
    seed,
  } as const;
}
